using Microsoft.Extensions.Logging;

namespace Glovebox.Middleware;

/// <summary>Logs what an executor is asked and how it ends.</summary>
/// <remarks>
/// One line for an execution at <see cref="LogLevel.Information"/>, its steps at <see cref="LogLevel.Debug"/>, failures of the sandbox
/// at <see cref="LogLevel.Error"/>. Code and output are logged only at <see cref="LogLevel.Trace"/> and only with
/// <see cref="EnableSensitiveData"/>. What guest code chose (languages, file names, output) is logged with its control characters escaped,
/// so that it forges no line.
/// </remarks>
public sealed class LoggingCodeExecutor : DelegatingCodeExecutor
{
    private readonly ILogger _logger;
    private readonly TimeProvider _timeProvider;

    /// <summary>Wraps an executor.</summary>
    /// <param name="innerExecutor">From now on owned by this one.</param>
    /// <param name="logger">Gets the lines.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    public LoggingCodeExecutor(ICodeExecutor innerExecutor, ILogger logger, TimeProvider? timeProvider = null)
        : base(innerExecutor)
    {
        ArgumentNullException.ThrowIfNull(logger);
        _logger = logger;
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <summary>Whether code and output are logged, at <see cref="LogLevel.Trace"/>. They may hold secrets and personal data.
    /// Default: false.</summary>
    public bool EnableSensitiveData { get; set; }

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken = default) =>
        FollowAsync("Start", InnerExecutor.StartAsync, cancellationToken);

    /// <inheritdoc/>
    public override Task StopAsync(CancellationToken cancellationToken = default) =>
        FollowAsync("Stop", InnerExecutor.StopAsync, cancellationToken);

    /// <inheritdoc/>
    public override Task RestartAsync(CancellationToken cancellationToken = default) =>
        FollowAsync("Restart", InnerExecutor.RestartAsync, cancellationToken);

    /// <inheritdoc/>
    public override IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks, CancellationToken cancellationToken = default)
    {
        IAsyncEnumerable<CodeExecutionUpdate> updates = InnerExecutor.ExecuteCodeBlocksStreamingAsync(codeBlocks, cancellationToken);
        int count = codeBlocks.Count;
        return ExecutionObserver.FollowAsync(
            updates, () => new ExecutionLog(
                _logger, _timeProvider, LanguageRegistry.Of(InnerExecutor), count, EnableSensitiveData), cancellationToken);
    }

    private async Task FollowAsync(string operation, Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        LogMessages.OperationBegan(_logger, operation);
        long began = _timeProvider.GetTimestamp();
        try
        {
            await run(cancellationToken).ConfigureAwait(false);
            double milliseconds = _timeProvider.GetElapsedTime(began).TotalMilliseconds;
            LogMessages.OperationEnded(_logger, operation, milliseconds);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogMessages.OperationCancelled(_logger, operation);
            throw;
        }
        catch (Exception e)
        {
            LogMessages.OperationFailed(_logger, operation, e);
            throw;
        }
    }
}
