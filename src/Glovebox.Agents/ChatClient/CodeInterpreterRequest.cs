using System.Collections.Concurrent;
using System.Text.Json;
using Glovebox.Agents.Functions;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.ChatClient;

/// <summary>One request that holds a code interpreter: its session, taken up when code is first run, and what the runs gave.</summary>
internal sealed class CodeInterpreterRequest : IAsyncDisposable
{
    private readonly CodeInterpreterSettings _settings;
    private readonly IReadOnlyList<CodeInterpreterInput> _inputs;
    private readonly bool _continues;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ConcurrentDictionary<string, CodeInterpreterToolResultContent> _results = new(StringComparer.Ordinal);
    private CodeSessionLease? _lease;
    private string _introduction = "";

    /// <param name="settings">The client's settings.</param>
    /// <param name="sessionName">The session to use.</param>
    /// <param name="inputs">Files for the session.</param>
    /// <param name="continues">Whether code ran in this conversation before.</param>
    public CodeInterpreterRequest(
        CodeInterpreterSettings settings, string sessionName, IReadOnlyList<CodeInterpreterInput> inputs, bool continues)
    {
        _settings = settings;
        _inputs = inputs;
        _continues = continues;
        SessionName = sessionName;
        Function = new InterpreterFunction(this);
    }

    public string SessionName { get; }

    public string FunctionName => _settings.FunctionName;

    public IReadOnlyList<string> Languages => _settings.Languages;

    /// <summary>The interpreter as the model sees it. A client within that calls functions itself may call it.</summary>
    public AIFunction Function { get; }

    /// <summary>Runs the code of a call.</summary>
    /// <returns>What the model gets, and what the caller gets.</returns>
    public async Task<(FunctionResultContent ForModel, CodeInterpreterToolResultContent ForCaller)> RunAsync(
        FunctionCallContent call, CancellationToken cancellationToken)
    {
        (object forModel, List<AIContent> outputs) = await RunAsync(
            call.Arguments ?? new Dictionary<string, object?>(), cancellationToken).ConfigureAwait(false);
        return (new FunctionResultContent(call.CallId, forModel), ForCaller(call.CallId, outputs));
    }

    /// <summary>The caller's form of a result that the client within has put into its answer.</summary>
    public CodeInterpreterToolResultContent TakeResult(FunctionResultContent result) =>
        _results.TryRemove(result.CallId, out CodeInterpreterToolResultContent? taken)
            ? taken
            : ForCaller(result.CallId, [new TextContent(result.Result?.ToString() ?? "")]);

    /// <summary>Keeps results for the next request of the conversation, whose service waits for them together with those of other
    /// functions.</summary>
    public void Keep(IReadOnlyList<AIContent> results)
    {
        if (_lease?.Session is { } session)
        {
            CodeInterpreterState.Of(session).Keep(results);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_lease is not null)
        {
            await _lease.DisposeAsync().ConfigureAwait(false);
        }

        _turn.Dispose();
    }

    private CodeInterpreterToolResultContent ForCaller(string callId, List<AIContent> outputs) => new(callId)
    {
        Outputs = outputs,
        AdditionalProperties = CodeInterpreterSessions.ToMarker(SessionName),
    };

    private async Task<(object ForModel, List<AIContent> Outputs)> RunAsync(
        IEnumerable<KeyValuePair<string, object?>> arguments, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Before all else, so that there is always a session that can keep what is wrong for the next request.
            CodeSessionLease lease = await UseSessionAsync(cancellationToken).ConfigureAwait(false);
            if (!CodeCall.TryRead(arguments, _settings.Languages, out CodeBlock block, out string error)
                || !CodeCall.TryTake(block, _settings.Languages, LanguageRegistry.Of(lease.Executor), isExact: false, out block, out error))
            {
                return (error, [new TextContent(error)]);
            }

            await CodeInterpreterState.Of(lease.Session!).WriteAsync(
                _inputs, lease.Executor.Workspace, cancellationToken).ConfigureAwait(false);
            CodeResult result = await lease.Executor.ExecuteCodeBlocksAsync([block], cancellationToken).ConfigureAwait(false);
            List<DataContent> data =
                await Attachments.ReadAsync(
                    result, lease.Executor.Workspace, _settings.Attachments, cancellationToken).ConfigureAwait(false);
            TextContent text = new(_introduction + result.FormatForModel());
            _introduction = "";
            List<AIContent> images = _settings.SendsImagesToModel ? [.. data.Where(d => MediaTypes.IsImage(d.MediaType))] : [];
            object forModel = images.Count == 0 ? text.Text : new List<AIContent> { text }.Concat(images).ToList();
            return (forModel, [text, .. data]);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Takes the session at the first run, and again when it has ended since.</summary>
    private async ValueTask<CodeSessionLease> UseSessionAsync(CancellationToken cancellationToken)
    {
        if (_lease is not null && ReferenceEquals(_settings.Sessions.Find(SessionName), _lease.Session))
        {
            return _lease;
        }

        bool hadRun = _continues || _lease is not null;
        if (_lease is not null)
        {
            await _lease.DisposeAsync().ConfigureAwait(false);
            _lease = null;
        }

        _lease = await _settings.Sessions.AcquireAsync(SessionName, cancellationToken).ConfigureAwait(false);

        // A model that reads of its earlier runs must know that what they left is gone.
        _introduction = hadRun && _lease.IsNew ? "The sandbox is a new one: files and variables of earlier runs are gone.\n" : "";
        return _lease;
    }

    private sealed class InterpreterFunction(CodeInterpreterRequest request) : AIFunction
    {
        public override string Name => request._settings.FunctionName;

        public override string Description => request._inputs.Count == 0
            ? request._settings.Description
            : $"{request._settings.Description} Files that are there: {string.Join(", ", request._inputs.Select(i => WorkspacePath.Printable(i.Path)))}.";

        public override JsonElement JsonSchema => request._settings.Schema;

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
