using System.Runtime.CompilerServices;
using Glovebox.Agents.ChatClient;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Agents;

/// <summary>Serves <see cref="HostedCodeInterpreterTool"/> from executors of this process, for any chat client within.</summary>
/// <remarks>
/// <para>A request whose <see cref="ChatOptions.Tools"/> hold the hosted tool goes to the client within with a function in its place. Calls
/// of that function are run here, until the model answers without one. The caller sees each as <see cref="CodeInterpreterToolCallContent"/>
/// and <see cref="CodeInterpreterToolResultContent"/>, as from a service that hosts an interpreter, in streaming and whole responses alike.
/// A history that the caller replays goes to the client within as calls and results of the function. Requests without the tool, and calls
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
public sealed partial class CodeInterpreterChatClient : DelegatingChatClient, IAsyncDisposable
{
    /// <summary>The key in <see cref="ChatOptions.AdditionalProperties"/> under which a caller names the conversation:
    /// <c>glovebox.session</c>. Whoever can choose its value can use that conversation's files.</summary>
    public const string SessionProperty = "glovebox.session";

    private readonly CodeInterpreterSettings _settings;
    private readonly bool _ownsSessions;
    private readonly ILogger _logger;

    /// <summary>Serves the tool from a pool, which stays the caller's.</summary>
    /// <param name="innerClient">The client within.</param>
    /// <param name="sessions">The executors.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="loggerFactory">Null: no log.</param>
    public CodeInterpreterChatClient(
        IChatClient innerClient, CodeSessionPool sessions, CodeInterpreterOptions? options = null, ILoggerFactory? loggerFactory = null)
        : this(innerClient, sessions, options, loggerFactory, ownsSessions: false)
    {
    }

    internal CodeInterpreterChatClient(
        IChatClient innerClient, CodeSessionPool sessions, CodeInterpreterOptions? options, ILoggerFactory? loggerFactory, bool ownsSessions)
        : base(innerClient)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        _settings = new CodeInterpreterSettings(sessions, options ?? new());
        _ownsSessions = ownsSessions;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<CodeInterpreterChatClient>();
    }

    /// <inheritdoc/>
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        CodeInterpreterConversation conversation = Begin(messages, options);
        if (conversation.Request is not { } request)
        {
            return await base.GetResponseAsync(conversation.Messages, options, cancellationToken).ConfigureAwait(false);
        }

        await using (request.ConfigureAwait(false))
        {
            List<ChatMessage> shown = [];
            UsageDetails? usage = null;
            while (true)
            {
                ChatResponse response = await base.GetResponseAsync(
                    conversation.Messages, conversation.Options, cancellationToken).ConfigureAwait(false);
                if (response.Usage is not null)
                {
                    (usage ??= new()).Add(response.Usage);
                }

                CodeInterpreterTurn turn = new(request);
                shown.AddRange(response.Messages.Select(turn.Show));
                List<AIContent> results = [];
                foreach (FunctionCallContent call in conversation.CallsToRun(turn))
                {
                    (FunctionResultContent forModel, CodeInterpreterToolResultContent forCaller) = await request.RunAsync(call, cancellationToken).ConfigureAwait(false);
                    results.Add(forModel);
                    AddResult(shown, forCaller);
                }

                if (!conversation.Continue(response.Messages, response.ConversationId, results, turn))
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
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        CodeInterpreterConversation conversation = Begin(messages, options);
        if (conversation.Request is not { } request)
        {
            await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(conversation.Messages, options, cancellationToken).ConfigureAwait(false))
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
                await foreach (ChatResponseUpdate update in base.GetStreamingResponseAsync(conversation.Messages, conversation.Options, cancellationToken).ConfigureAwait(false))
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
                foreach (FunctionCallContent call in conversation.CallsToRun(turn))
                {
                    (FunctionResultContent forModel, CodeInterpreterToolResultContent forCaller) = await request.RunAsync(call, cancellationToken).ConfigureAwait(false);
                    results.Add(forModel);
                    yield return ResultUpdate(last, forCaller);
                }

                ChatResponse response = updates.ToChatResponse();
                if (!conversation.Continue(response.Messages, response.ConversationId, results, turn))
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
            await _settings.Sessions.DisposeAsync().ConfigureAwait(false);
        }

        Dispose();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _ownsSessions)
        {
            // A client has no other end than this one, and what the sessions hold must not outlive it.
            Task.Run(() => _settings.Sessions.DisposeAsync().AsTask()).GetAwaiter().GetResult();
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

    private CodeInterpreterConversation Begin(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        List<ChatMessage> given = [.. messages];
        bool continues = given.Any(m => m.Contents.Any(CodeInterpreterContents.IsInterpreter));
        List<ChatMessage> history = continues
            ? CodeInterpreterContents.ToModelHistory(given, _settings.FunctionName, _settings.Languages)
            : given;
        HostedCodeInterpreterTool[] tools = [.. (options?.Tools ?? []).OfType<HostedCodeInterpreterTool>()];
        if (tools.Length == 0)
        {
            return new CodeInterpreterConversation(_settings, history, options, request: null);
        }

        if (options!.Tools!.Any(t => t is AIFunctionDeclaration && t.Name == _settings.FunctionName))
        {
            throw new InvalidOperationException(
                $"The request has a function named '{_settings.FunctionName}' next to the code interpreter. Name the interpreter otherwise: CodeInterpreterOptions.FunctionName.");
        }

        IReadOnlyList<CodeInterpreterInput> inputs = Inputs(tools);
        CodeInterpreterRequest request = new(
            _settings, CodeInterpreterSessions.NameOf(given, options, _settings.Sessions), inputs, continues);
        return new CodeInterpreterConversation(_settings, history, options, request);
    }

    private IReadOnlyList<CodeInterpreterInput> Inputs(HostedCodeInterpreterTool[] tools)
    {
        AIContent[] contents = [.. tools.SelectMany(t => t.Inputs ?? [])];
        if (contents.Length == 0)
        {
            return [];
        }

        IReadOnlyList<CodeInterpreterInput> inputs = CodeInterpreterInput.From(contents, _settings.OpenHostedFile ?? HostedFiles());
        if (inputs.Count < contents.Length)
        {
            LogInputsLeftOut(_logger, contents.Length - inputs.Count);
        }

        return inputs;
    }

    private Func<HostedFileContent, CancellationToken, ValueTask<Stream?>>? HostedFiles()
    {
#pragma warning disable MEAI001 // Looked up by its type alone: a change of the interface changes nothing of ours.
        return InnerClient.GetService<IHostedFileClient>() is not { } files ? null
            : async (file, cancellationToken) => await files.DownloadAsync(file.FileId, new() { Scope = file.Scope }, cancellationToken).ConfigureAwait(false);
#pragma warning restore MEAI001
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} inputs of the code interpreter cannot be made files and are left out.")]
    private static partial void LogInputsLeftOut(ILogger logger, int count);
}
