using System.Runtime.CompilerServices;
using Glovebox.Agents.ChatClient;
using Glovebox.Agents.Functions;
using Glovebox.Sessions;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Agents;

/// <summary>Serves <see cref="HostedCodeInterpreterTool"/> from executors of this process, for any inner chat client.</summary>
/// <remarks>
/// <para>A request whose <see cref="ChatOptions.Tools"/> hold the hosted tool goes to the inner client with a function in its place. Calls
/// of that function are run here, until the model answers without one. The caller sees each as <see cref="CodeInterpreterToolCallContent"/>
/// and <see cref="CodeInterpreterToolResultContent"/>, as from a service that hosts an interpreter, in streaming and whole responses alike.
/// A history that the caller replays goes to the inner client as calls and results of the function. Requests without the tool, and calls
/// of other functions, are passed on; a <see cref="FunctionInvokingChatClient"/> may stand outside of this client or within.</para>
/// <para><b>Sessions.</b> Each conversation has an executor of its own, begun when code is first run. A conversation is told by
/// <see cref="SessionProperty"/> in <see cref="ChatOptions.AdditionalProperties"/>; else by <see cref="ChatOptions.ConversationId"/>; else
/// by the history, whose results carry a name that cannot be guessed; else it is a new one. Two requests that replay the same history share
/// its session. It ends as <see cref="CodeSessionPool"/> says.</para>
/// <para><b>Ownership.</b> A pool that was given stays the caller's. Made from an executor factory, the client has a pool of its own,
/// and disposing the client ends all its sessions: <see cref="DisposeAsync"/> awaits that, <see cref="IDisposable.Dispose"/> waits.</para>
/// <para><b>Errors.</b> A program that fails is a result, and the model's to handle. A failing sandbox is a
/// <see cref="CodeExecutionException"/> to the caller. Cancellation kills the code.</para>
/// </remarks>
// The loop is not FunctionInvokingChatClient's: that runs none of an answer's calls when one of them is for the caller.
public sealed partial class CodeInterpreterChatClient : DelegatingChatClient, IAsyncDisposable
{
    /// <summary>The key in <see cref="ChatOptions.AdditionalProperties"/> under which a caller names the conversation:
    /// <c>glovebox.session</c>. Anyone who can choose its value can use that conversation's files.</summary>
    public const string SessionProperty = "glovebox.session";

    private readonly CodeSessionPool _sessions;
    private readonly CodeInterpreterOptions _options;
    private readonly CodeCall _call;
    private readonly bool _ownsSessions;
    private readonly ILogger _logger;

    /// <summary>Serves the tool from a pool, which stays the caller's.</summary>
    /// <param name="innerClient">The inner client.</param>
    /// <param name="sessions">The executors.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="loggerFactory">Null: no log.</param>
    public CodeInterpreterChatClient(
        IChatClient innerClient, CodeSessionPool sessions, CodeInterpreterOptions? options = null, ILoggerFactory? loggerFactory = null)
        : this(innerClient, sessions, options, loggerFactory, ownsSessions: false)
    {
    }

    internal CodeInterpreterChatClient(
        IChatClient innerClient,
        CodeSessionPool sessions,
        CodeInterpreterOptions? options,
        ILoggerFactory? loggerFactory,
        bool ownsSessions)
        : base(innerClient)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        _sessions = sessions;
        _options = new CodeInterpreterOptions(options ?? new());
        _call = new CodeCall(
            _options.Languages, _options.Description, _options.Attachments, _options.MaxTextLength, () => _sessions.SharesState);
        _ownsSessions = ownsSessions;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<CodeInterpreterChatClient>();
    }

    /// <inheritdoc/>
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        List<ChatMessage> history = ToHistory(messages, out CodeInterpreterRequest? request, options);
        if (request is null)
        {
            return await base.GetResponseAsync(history, options, cancellationToken).ConfigureAwait(false);
        }

        await using (request.ConfigureAwait(false))
        {
            List<ChatMessage> shown = [];
            UsageDetails? usage = null;
            while (true)
            {
                ChatResponse response = await base.GetResponseAsync(
                    request.Messages, request.Options, cancellationToken).ConfigureAwait(false);
                if (response.Usage is not null)
                {
                    (usage ??= new()).Add(response.Usage);
                }

                CodeInterpreterTurn turn = new(request);
                shown.AddRange(response.Messages.Select(turn.Show));
                List<AIContent> results = [];
                foreach (FunctionCallContent call in request.CallsToRun(turn))
                {
                    (FunctionResultContent forModel, CodeInterpreterToolResultContent forCaller) =
                        await request.RunAsync(call, cancellationToken).ConfigureAwait(false);
                    results.Add(forModel);
                    AddResult(shown, forCaller);
                }

                if (!request.Continue(response, results, turn))
                {
                    response.Messages = shown;
                    response.Usage = usage;
                    return response;
                }
            }
        }
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        List<ChatMessage> history = ToHistory(messages, out CodeInterpreterRequest? request, options);
        if (request is null)
        {
            await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(
                history, options, cancellationToken).ConfigureAwait(false))
            {
                yield return update;
            }

            yield break;
        }

        await using (request.ConfigureAwait(false))
        {
            while (true)
            {
                CodeInterpreterTurn turn = new(request);
                List<ChatResponseUpdate> updates = [];
                string fallbackId = Guid.NewGuid().ToString("n");
                ChatResponseUpdate last = new();
                await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(
                    request.Messages, request.Options, cancellationToken).ConfigureAwait(false))
                {
                    updates.Add(update);
                    last = turn.Show(update);
                    if (string.IsNullOrEmpty(last.MessageId))
                    {
                        // Without one, the messages of two answers would become one message.
                        last = last.Clone();
                        last.MessageId = fallbackId;
                    }

                    yield return last;
                }

                List<AIContent> results = [];
                foreach (FunctionCallContent call in request.CallsToRun(turn))
                {
                    (FunctionResultContent forModel, CodeInterpreterToolResultContent forCaller) =
                        await request.RunAsync(call, cancellationToken).ConfigureAwait(false);
                    results.Add(forModel);
                    yield return ResultUpdate(last, forCaller);
                }

                if (!request.Continue(updates.ToChatResponse(), results, turn))
                {
                    yield break;
                }
            }
        }
    }

    /// <summary>Disposes the client and the one within, and awaits the end of the sessions that are the client's own.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_ownsSessions)
        {
            await _sessions.DisposeAsync().ConfigureAwait(false);
        }

        Dispose();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _ownsSessions)
        {
            // A client has no other end than this one, and what the sessions hold must not outlive it.
            Task.Run(() => _sessions.DisposeAsync().AsTask()).GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private static void AddResult(List<ChatMessage> shown, CodeInterpreterToolResultContent result)
    {
        if (shown is [.., { } last] && last.Role == ChatRole.Assistant)
        {
            // The message may be the one that goes back to the model.
            ChatMessage extended = last.Clone();
            extended.Contents = [.. last.Contents, result];
            shown[^1] = extended;
        }
        else
        {
            shown.Add(new ChatMessage(ChatRole.Assistant, [result]));
        }
    }

    private static ChatResponseUpdate ResultUpdate(
        ChatResponseUpdate last, CodeInterpreterToolResultContent result) => new(ChatRole.Assistant, [result])
        {
            AuthorName = last.AuthorName,
            MessageId = last.MessageId,
            ResponseId = last.ResponseId,
            ConversationId = last.ConversationId,
            ModelId = last.ModelId,
        };

    /// <summary>Writes the messages as the model is to see them.</summary>
    /// <param name="messages">As the caller gave them.</param>
    /// <param name="request">Null when the request has no code interpreter.</param>
    /// <param name="options">The caller's.</param>
    private List<ChatMessage> ToHistory(IEnumerable<ChatMessage> messages, out CodeInterpreterRequest? request, ChatOptions? options)
    {
        List<ChatMessage> given = [.. messages];
        HostedCodeInterpreterTool[] tools = [.. (options?.Tools ?? []).OfType<HostedCodeInterpreterTool>()];
        if (tools.Length > 0 && options!.Tools!.Any(t => t is AIFunctionDeclaration && t.Name == _options.FunctionName))
        {
            throw new InvalidOperationException(
                $"The request has a function named '{_options.FunctionName}' next to the code interpreter. "
                + "Name the interpreter otherwise: CodeInterpreterOptions.FunctionName.");
        }

        List<ChatMessage> history = given.Any(m => m.Contents.Any(CodeInterpreterContents.IsInterpreter))
            ? CodeInterpreterContents.ToModelHistory(given, _options.FunctionName, _call)
            : given;
        request = tools.Length == 0 ? null : new(_sessions, _options, _call, options!, given, history, Inputs(tools));
        return history;
    }

    private IReadOnlyList<CodeInterpreterInput> Inputs(HostedCodeInterpreterTool[] tools)
    {
        AIContent[] contents = [.. tools.SelectMany(t => t.Inputs ?? [])];
        IReadOnlyList<CodeInterpreterInput> inputs = CodeInterpreterInput.From(contents, _options.OpenHostedFile ?? HostedFiles());
        if (inputs.Count < contents.Length)
        {
            LogInputsLeftOut(_logger, contents.Length - inputs.Count);
        }

        return inputs;
    }

    private Func<HostedFileContent, CancellationToken, ValueTask<Stream?>>? HostedFiles()
    {
#pragma warning disable MEAI001 // Looked up by its type alone: a change of the interface changes nothing here.
        return InnerClient.GetService<IHostedFileClient>() is not { } files ? null : async (file, cancellationToken) =>
            await files.DownloadAsync(file.FileId, new() { Scope = file.Scope }, cancellationToken).ConfigureAwait(false);
#pragma warning restore MEAI001
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} inputs of the code interpreter cannot be made files and are left out.")]
    private static partial void LogInputsLeftOut(ILogger logger, int count);
}
