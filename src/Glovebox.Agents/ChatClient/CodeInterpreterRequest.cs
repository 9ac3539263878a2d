using System.Collections.Concurrent;
using System.Text.Json;
using Glovebox.Agents.Functions;
using Glovebox.Sessions;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.ChatClient;

/// <summary>One request that holds a code interpreter, from turn to turn: what goes to the inner client, the session, taken up when code is
/// first run, and what the runs gave.</summary>
internal sealed class CodeInterpreterRequest : IAsyncDisposable
{
    private readonly CodeSessionPool _sessions;
    private readonly CodeInterpreterOptions _options;
    private readonly CodeCall _call;
    private readonly string _sessionName;
    private readonly IReadOnlyList<CodeInterpreterInput> _inputs;
    private readonly List<ChatMessage> _history;
    private readonly AIFunction _function;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ConcurrentDictionary<string, CodeInterpreterToolResultContent> _results = new(StringComparer.Ordinal);
    private CodeSessionLease? _lease;
    private bool _hasRun;
    private string _introduction = "";
    private int _iterationsLeft;

    /// <param name="sessions">The client's sessions.</param>
    /// <param name="options">The client's options.</param>
    /// <param name="call">The call by which the model runs code.</param>
    /// <param name="asked">The caller's options of this request.</param>
    /// <param name="given">The caller's messages.</param>
    /// <param name="history">The same, as the model is to see them.</param>
    /// <param name="inputs">Files for the session.</param>
    public CodeInterpreterRequest(
        CodeSessionPool sessions,
        CodeInterpreterOptions options,
        CodeCall call,
        ChatOptions asked,
        List<ChatMessage> given,
        List<ChatMessage> history,
        IReadOnlyList<CodeInterpreterInput> inputs)
    {
        _sessions = sessions;
        _options = options;
        _call = call;
        _sessionName = CodeInterpreterSessions.NameOf(given, asked, sessions);
        _inputs = inputs;
        _history = history;
        _hasRun = given.Any(m => m.Contents.Any(CodeInterpreterContents.IsInterpreter));
        _iterationsLeft = options.MaximumIterationsPerRequest;
        _function = new InterpreterFunction(this);
        Messages = history;
        Options = asked.Clone();
        Options.Tools = [.. Options.Tools!.Where(t => t is not HostedCodeInterpreterTool), _function];
        if (sessions.Find(_sessionName) is { } executor && CodeInterpreterState.Of(executor).TakeKept() is { Count: > 0 } kept)
        {
            history.Insert(0, new ChatMessage(ChatRole.Tool, kept));
        }
    }

    /// <summary>The messages for the inner client.</summary>
    public IEnumerable<ChatMessage> Messages { get; private set; }

    /// <summary>The options for the inner client.</summary>
    public ChatOptions Options { get; }

    public string FunctionName => _options.FunctionName;

    public CodeCall Call => _call;

    /// <summary>The calls of a turn that are to be run: none once the model was made to answer without the tool.</summary>
    public IEnumerable<FunctionCallContent> CallsToRun(CodeInterpreterTurn turn) => _iterationsLeft > 0 ? turn.OpenCalls : [];

    /// <summary>Prepares the next turn.</summary>
    /// <returns>False when there is none.</returns>
    public bool Continue(ChatResponse response, List<AIContent> results, CodeInterpreterTurn turn)
    {
        string? conversationId = response.ConversationId;
        if (conversationId is not null)
        {
            // Some services give the conversation a new name with each answer.
            _sessions.Link(_sessionName, CodeInterpreterSessions.OfConversation(conversationId));
        }

        if (results.Count == 0 || turn.IsWaitingForOthers)
        {
            if (results.Count > 0 && conversationId is not null)
            {
                // The service waits for them together with those of the other functions, in the next request.
                CodeInterpreterState.Of(_lease!.Executor).Keep(results);
            }

            return false;
        }

        _history.AddRange(response.Messages);
        _history.Add(new ChatMessage(ChatRole.Tool, results));
        Messages = conversationId is null ? _history : [_history[^1]];
        Options.ConversationId = conversationId;
        if (Options.ToolMode is RequiredChatToolMode)
        {
            Options.ToolMode = null;
        }

        if (--_iterationsLeft == 0)
        {
            Options.Tools!.Remove(_function);
        }

        return true;
    }

    /// <summary>Runs the code of a call.</summary>
    /// <returns>What the model gets, and what the caller gets.</returns>
    public async Task<(FunctionResultContent ForModel, CodeInterpreterToolResultContent ForCaller)> RunAsync(
        FunctionCallContent asked, CancellationToken cancellationToken)
    {
        (object forModel, List<AIContent> outputs) = await RunAsync(asked.Arguments, cancellationToken).ConfigureAwait(false);
        return (new FunctionResultContent(asked.CallId, forModel), ForCaller(asked.CallId, outputs));
    }

    /// <summary>Gives the caller's form of a result that the inner client has put into its answer.</summary>
    public CodeInterpreterToolResultContent TakeResult(FunctionResultContent result) =>
        _results.TryRemove(result.CallId, out CodeInterpreterToolResultContent? taken)
            ? taken
            : ForCaller(result.CallId, [new TextContent(result.Result?.ToString() ?? "")]);

    public async ValueTask DisposeAsync()
    {
        await DisposeLeaseAsync().ConfigureAwait(false);
        _turn.Dispose();
    }

    private async ValueTask DisposeLeaseAsync()
    {
        if (_lease is { } lease)
        {
            _lease = null;
            await lease.DisposeAsync().ConfigureAwait(false);
        }
    }

    private CodeInterpreterToolResultContent ForCaller(string callId, List<AIContent> outputs) => new(callId)
    {
        Outputs = outputs,
        AdditionalProperties = CodeInterpreterSessions.ToMarker(_sessionName),
    };

    private async Task<(object ForModel, List<AIContent> Outputs)> RunAsync(
        IDictionary<string, object?>? arguments, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Before all else, so that there is always a session that can keep what is wrong for the next request.
            ICodeExecutor executor = await UseSessionAsync(cancellationToken).ConfigureAwait(false);
            if (!_call.TryRead(arguments, out CodeBlock block, out string error))
            {
                return (error, [new TextContent(error)]);
            }

            await CodeInterpreterState.Of(executor).WriteAsync(_inputs, executor.Workspace, cancellationToken).ConfigureAwait(false);
            (string result, List<DataContent> data) = await _call.RunAsync(
                block, executor, isApproved: false, cancellationToken).ConfigureAwait(false);
            TextContent text = new(_introduction + result);
            _introduction = "";
            AIContent[] images = _options.SendsImagesToModel ? [.. data.Where(d => MediaTypes.IsImage(d.MediaType))] : [];
            return (images.Length == 0 ? text.Text : (List<AIContent>)[text, .. images], [text, .. data]);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Takes the session at the first run, and again when it has ended since.</summary>
    private async ValueTask<ICodeExecutor> UseSessionAsync(CancellationToken cancellationToken)
    {
        if (_lease is null || !ReferenceEquals(_sessions.Find(_sessionName), _lease.Executor))
        {
            await DisposeLeaseAsync().ConfigureAwait(false);
            _lease = await _sessions.AcquireAsync(_sessionName, cancellationToken).ConfigureAwait(false);

            // A model that reads of its earlier runs must know that what they left is gone.
            _introduction = _hasRun && _lease.IsNew ? "The sandbox is a new one: files and variables of earlier runs are gone.\n" : "";
            _hasRun = true;
        }

        return _lease.Executor;
    }

    private sealed class InterpreterFunction(CodeInterpreterRequest request) : AIFunction
    {
        public override string Name => request.FunctionName;

        public override string Description => request._inputs.Count == 0
            ? request._call.Description
            : request._call.Description
                + $" Files that are there: {string.Join(", ", request._inputs.Select(i => WorkspacePath.Printable(i.Path)))}.";

        public override JsonElement JsonSchema => request._call.Schema;

        protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
        {
            (object forModel, List<AIContent> outputs) = await request.RunAsync(arguments, cancellationToken).ConfigureAwait(false);
            if (FunctionInvokingChatClient.CurrentContext?.CallContent.CallId is { } callId)
            {
                request._results[callId] = request.ForCaller(callId, outputs);
            }

            return forModel;
        }
    }
}
