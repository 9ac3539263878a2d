using System.Diagnostics;
using System.Text.Json;
using Glovebox.Egress;

namespace Glovebox.Middleware;

/// <summary>The activities and measurements of one execution.</summary>
internal sealed class ExecutionTelemetry : ExecutionObserver
{
    private const string ErrorType = "error.type";
    private const string ExitCode = "process.exit.code";

    /// <summary>What conventions call a value that is not one of a known few.</summary>
    private const string Other = "_OTHER";

    private readonly ExecutionInstruments _instruments;
    private readonly TimeProvider _timeProvider;
    private readonly LanguageRegistry _languages;
    private readonly KeyValuePair<string, object?> _environment;
    private readonly bool _enableSensitiveData;
    private readonly Activity? _execution;
    private readonly long _began;
    private Activity? _block;
    private int? _exitCode;
    private string? _errorType;

    public ExecutionTelemetry(
        ExecutionInstruments instruments, TimeProvider timeProvider, ICodeExecutor executor, int count, bool enableSensitiveData)
    {
        _instruments = instruments;
        _timeProvider = timeProvider;
        _languages = LanguageRegistry.Of(executor);
        _environment = new("glovebox.environment", KindOf(executor));
        _enableSensitiveData = enableSensitiveData;
        _began = timeProvider.GetTimestamp();
        _execution = instruments.Activities.StartActivity("execute_code");
        _execution?.SetTag(_environment.Key, _environment.Value).SetTag("glovebox.block.count", count);
        instruments.ActiveExecutions.Add(1, _environment);
    }

    /// <summary>The kind of sandbox, which is known before the sandbox is started.</summary>
    public static string? KindOf(ICodeExecutor executor) =>
        executor.GetService<IExecutorState>()?.Kind ?? executor.GetService<SandboxCapabilities>()?.Kind;

    protected override void Resuming()
    {
        // What is set in an async iterator is gone when it goes on; without this, what the executor traces would not be in these
        // activities.
        if ((_block ?? _execution) is { } current)
        {
            Activity.Current = current;
        }
    }

    protected override ValueTask ReceivedAsync(CodeExecutionUpdate update)
    {
        if (update is BlockStartedUpdate started)
        {
            BlockBegan(started);
        }
        else if (update is EgressUpdate egress)
        {
            Reached(egress.Event);
        }
        else if (update is BlockCompletedUpdate completed)
        {
            BlockEnded(completed.Result);
        }

        return ValueTask.CompletedTask;
    }

    protected override void Failed(Exception exception, bool isCancellation)
    {
        _errorType = exception.GetType().FullName;

        // These say what is wrong in words of our own; another's message might hold code.
        string? description = (exception as CodeExecutionException)?.Message;
        Fail(_block, _errorType, description);
        Fail(_execution, _errorType, description);
    }

    protected override ValueTask EndedAsync(ExecutionEnd end)
    {
        if (end == ExecutionEnd.LeftEarly && _block is not null)
        {
            _errorType = "abandoned";
            Fail(_block, _errorType, null);
            Fail(_execution, _errorType, null);
        }

        _block?.Stop();
        _execution?.SetTag(ExitCode, _exitCode);
        _execution?.Stop();
        TagList tags = new() { _environment };
        AddError(ref tags, _errorType);
        _instruments.ActiveExecutions.Add(-1, _environment);
        _instruments.Executions.Add(1, tags);
        _instruments.ExecutionDuration.Record(_timeProvider.GetElapsedTime(_began).TotalSeconds, tags);

        return ValueTask.CompletedTask;
    }

    private void BlockBegan(BlockStartedUpdate started)
    {
        string language = KnownLanguage(started.Block.Language);
        if (_execution is null)
        {
            return;
        }

        Activity.Current = _execution;
        _block = _instruments.Activities.StartActivity($"execute_code_block {language}");
        if (_block is { IsAllDataRequested: true } block)
        {
            block.SetTag(_environment.Key, _environment.Value).SetTag(
                "glovebox.block.index", started.BlockIndex).SetTag("glovebox.language", language);
            if (_enableSensitiveData)
            {
                block.SetTag("glovebox.code", started.Block.Code);
            }
        }
    }

    private void Reached(EgressEvent happened) => _block?.AddEvent(new ActivityEvent(
        "glovebox.egress",
        tags: new ActivityTagsCollection
        {
            ["glovebox.egress.kind"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(happened.Kind.ToString()),
            ["server.address"] = happened.Host,
            ["server.port"] = happened.Port,
            ["glovebox.egress.reason"] = happened.Reason,
        }));

    private void BlockEnded(BlockResult result)
    {
        string termination = SnakeCase(result.Termination);
        _exitCode = result.ExitCode;
        if (result.ExitCode != 0)
        {
            _errorType = result.Termination == TerminationReason.Exited ? "nonzero_exit" : termination;
            Fail(_block, _errorType, null);
            Fail(_execution, _errorType, null);
        }

        if (_block is { IsAllDataRequested: true } block)
        {
            block.SetTag(ExitCode, result.ExitCode).SetTag("glovebox.termination", termination);
            if (_enableSensitiveData)
            {
                block.SetTag("glovebox.output", result.Output);
            }
        }

        _block?.Stop();
        _block = null;
        TagList tags = new()
        {
            _environment, new("glovebox.language", KnownLanguage(result.Language)), new("glovebox.termination", termination),
        };
        AddError(ref tags, result.ExitCode == 0 ? null : _errorType);
        _instruments.Blocks.Add(1, tags);
        _instruments.BlockDuration.Record(result.Duration.TotalSeconds, tags);
    }

    private string KnownLanguage(string name) => _languages.Find(name)?.Name ?? Other;

    private static void Fail(Activity? activity, string? errorType, string? description) =>
        activity?.SetTag(ErrorType, errorType).SetStatus(ActivityStatusCode.Error, description);

    private static void AddError(ref TagList tags, string? errorType)
    {
        if (errorType is not null)
        {
            tags.Add(ErrorType, errorType);
        }
    }

    private static string SnakeCase(TerminationReason reason) =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());
}
