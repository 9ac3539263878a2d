using System.Security.Cryptography;
using System.Text;
using Glovebox.Audit;
using Glovebox.Egress;

namespace Glovebox.Middleware;

/// <summary>The audit events of one execution.</summary>
internal sealed class ExecutionAudit : ExecutionObserver
{
    private const int MaxBlocks = 1000;
    private const int MaxFiles = 100;
    private const int MaxLanguageLength = 100;
    private const int MaxFunctionLength = 200;
    private const int MaxMethodLength = 100;
    private const int MaxWhoLength = 256;
    private const int MaxPathLength = 1000;

    private readonly AuditWriter _writer;
    private readonly ICodeExecutor _executor;
    private readonly CodeBlock[] _blocks;
    private readonly AuditOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Guid _id = Guid.CreateVersion7();
    private readonly string? _who;
    private readonly string _executorName;
    private readonly long _began;
    private int _events;
    private long _outputBytes;
    private int _afterwards;
    private int _ended;
    private int? _exitCode;
    private AuditOutcome _outcome = AuditOutcome.Abandoned;
    private string? _error;

    public ExecutionAudit(
        AuditWriter writer, ICodeExecutor executor, CodeBlock[] blocks, AuditOptions options, TimeProvider timeProvider)
    {
        (_writer, _executor, _blocks, _options, _timeProvider) = (writer, executor, blocks, options, timeProvider);
        _who = options.Who?.Invoke() is { } who ? Cut(who, MaxWhoLength) : null;
        _executorName = DelegatingCodeExecutor.Innermost(executor).GetType().Name;
        _began = timeProvider.GetTimestamp();
    }

    /// <summary>Keeps what happens while no block runs: of what this execution's blocks, or earlier ones, have left running. May be called
    /// at any time.</summary>
    /// <exception cref="AuditException">It cannot be kept, or is one too many.</exception>
    public async ValueTask KeepAfterwardsAsync(EgressEvent happened)
    {
        int count = Interlocked.Increment(ref _afterwards);
        if (count <= _options.MaxEvents)
        {
            await _writer.WriteAsync(Egress(Math.Max(0, Volatile.Read(ref _ended) - 1), happened)).ConfigureAwait(false);
        }
        else if (count == _options.MaxEvents + 1 || _options.FailsClosed)
        {
            _writer.Exceeded(_options.MaxEvents);
        }
    }

    private string? Sandbox => ExecutionTelemetry.KindOf(_executor);

    private DateTimeOffset Now => _timeProvider.GetUtcNow();

    protected override ValueTask BeganAsync(CancellationToken cancellationToken)
    {
        int room = _options.MaxTextLength;
        List<AuditedBlock> blocks = [];
        foreach (CodeBlock block in _blocks.Take(MaxBlocks))
        {
            blocks.Add(new()
            {
                Language = Named(block.Language),
                CodeSha256 = Hash(block.Code),
                CodeBytes = Encoding.UTF8.GetByteCount(block.Code),
                Code = _options.IncludesCode ? Cut(block.Code, room) : null,
            });
            room = Math.Max(0, room - block.Code.Length);
        }

        return _writer.WriteAsync(
            new ExecutionStartedEvent
            {
                Time = Now,
                Execution = _id,
                Who = _who,
                Executor = _executorName,
                Sandbox = Sandbox,
                BlockCount = _blocks.Length,
                Blocks = blocks,
            },
            cancellationToken);
    }

    protected override async ValueTask ReceivedAsync(CodeExecutionUpdate update)
    {
        try
        {
            await KeepAsync(update).ConfigureAwait(false);
        }
        catch (AuditException)
        {
            (_outcome, _error) = (AuditOutcome.Failed, AuditException.ErrorCode);
            throw;
        }
    }

    protected override void Failed(Exception exception, bool isCancellation)
    {
        _outcome = isCancellation ? AuditOutcome.Cancelled : AuditOutcome.Failed;
        _error = isCancellation ? null : (exception as CodeExecutionException)?.Code ?? exception.GetType().FullName;
    }

    protected override async ValueTask EndedAsync(ExecutionEnd end)
    {
        ExecutionEndedEvent ended = new()
        {
            Time = Now,
            Execution = _id,
            Who = _who,
            Executor = _executorName,
            Sandbox = Sandbox,
            Outcome = end == ExecutionEnd.Completed ? AuditOutcome.Completed : _outcome,
            ExitCode = _exitCode,
            BlocksEnded = _ended,
            Duration = _timeProvider.GetElapsedTime(_began),
            Error = _error,
        };
        if (end == ExecutionEnd.Completed)
        {
            await _writer.WriteAsync(ended).ConfigureAwait(false);
        }
        else
        {
            // The caller gets the error, or asked for the end: another error would hide that.
            await _writer.TryWriteAsync(ended).ConfigureAwait(false);
        }
    }

    private ValueTask KeepAsync(CodeExecutionUpdate update)
    {
        switch (update)
        {
            case OutputReceivedUpdate output:
                _outputBytes += output.DroppedBytes > 0 ? output.DroppedBytes : Encoding.UTF8.GetByteCount(output.Text);
                return ValueTask.CompletedTask;
            case FunctionCalledUpdate or EgressUpdate when ++_events > _options.MaxEvents:
                if (_events == _options.MaxEvents + 1)
                {
                    _writer.Exceeded(_options.MaxEvents);
                }

                return ValueTask.CompletedTask;
            case FunctionCalledUpdate call:
                return _writer.WriteAsync(Call(call));
            case EgressUpdate egress:
                return _writer.WriteAsync(Egress(egress.BlockIndex, egress.Event));
            case BlockCompletedUpdate completed:
                _ended++;
                _exitCode = completed.Result.ExitCode;
                long bytes = _outputBytes;
                _outputBytes = 0;
                return _writer.WriteAsync(Completed(completed, bytes));
            default:
                return ValueTask.CompletedTask;
        }
    }

    private FunctionCallAuditEvent Call(FunctionCalledUpdate call) => new()
    {
        Time = Now,
        Execution = _id,
        Who = _who,
        Executor = _executorName,
        Sandbox = Sandbox,
        Block = call.BlockIndex,
        Function = Cut(call.FunctionName, MaxFunctionLength),
        Duration = call.Duration,
        Error = call.ErrorCode,
        Arguments = _options.IncludesArguments ? Cut(call.Arguments, _options.MaxTextLength) : null,
    };

    private EgressAuditEvent Egress(int block, EgressEvent egress) => new()
    {
        Time = Now,
        Execution = _id,
        Who = _who,
        Executor = _executorName,
        Sandbox = Sandbox,
        Block = block,
        Kind = egress.Kind,
        Connection = egress.Connection,
        Host = egress.Host,
        Port = egress.Port,
        Method = egress.Method is { } method ? Cut(method, MaxMethodLength) : null,
        Rule = egress.Rule,
        Reason = egress.Reason,
        Secrets = egress.Secrets is { Count: > 0 } secrets ? secrets : null,
        BytesSent = egress.BytesSent,
        BytesReceived = egress.BytesReceived,
    };

    private BlockCompletedEvent Completed(BlockCompletedUpdate update, long outputBytes)
    {
        BlockResult result = update.Result;
        return new()
        {
            Time = Now,
            Execution = _id,
            Who = _who,
            Executor = _executorName,
            Sandbox = Sandbox,
            Block = update.BlockIndex,
            Language = Named(result.Language),
            CodeSha256 = Hash(result.Block.Code),
            ExitCode = result.ExitCode,
            Termination = result.Termination,
            Duration = result.Duration,
            OutputBytes = outputBytes,
            Output = _options.IncludesOutput ? Cut(result.Output, _options.MaxTextLength) : null,
            FileCount = result.OutputFiles.Count,
            Files = result.OutputFiles.Count == 0 ? null
                : [.. result.OutputFiles.Take(MaxFiles).Select(f => new AuditedFile { Path = Cut(f.Path, MaxPathLength), Size = f.Size })],
            DeletedFileCount = result.DeletedFiles.Count,
            DeletedFiles = result.DeletedFiles.Count == 0 ? null
                : [.. result.DeletedFiles.Take(MaxFiles).Select(f => Cut(f, MaxPathLength))],
        };
    }

    private string Named(string language) =>
        LanguageRegistry.Of(_executor).Find(language)?.Name ?? Cut(language, MaxLanguageLength);

    private static string Hash(string code) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(code)));

    private static string Cut(string text, int length) => text.Length <= length ? text
        : string.Concat(text.AsSpan(0, length > 0 && char.IsHighSurrogate(text[length - 1]) ? length - 1 : length), "…");
}
