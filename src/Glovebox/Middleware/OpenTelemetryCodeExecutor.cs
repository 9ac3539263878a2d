namespace Glovebox.Middleware;

/// <summary>Traces and measures what an executor does.</summary>
internal sealed class OpenTelemetryCodeExecutor(
    ICodeExecutor innerExecutor, string sourceName, TimeProvider timeProvider, bool enableSensitiveData)
    : DelegatingCodeExecutor(innerExecutor)
{
    private readonly ExecutionInstruments _instruments = ExecutionInstruments.Of(sourceName);

    public override Task StartAsync(CancellationToken cancellationToken = default) =>
        FollowAsync("start_executor", () => base.StartAsync(cancellationToken));

    public override Task RestartAsync(CancellationToken cancellationToken = default) =>
        FollowAsync("restart_executor", () => base.RestartAsync(cancellationToken));

    public override IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks, CodeExecutionOptions? options = null, CancellationToken cancellationToken = default)
    {
        IAsyncEnumerable<CodeExecutionUpdate> updates =
            InnerExecutor.ExecuteCodeBlocksStreamingAsync(codeBlocks, options, cancellationToken);
        if (!_instruments.HasListeners)
        {
            return updates;
        }

        int count = codeBlocks.Count;
        return ExecutionObserver.FollowAsync(
            updates,
            () => new ExecutionTelemetry(_instruments, timeProvider, InnerExecutor, count, enableSensitiveData),
            cancellationToken);
    }

    private Task<bool> FollowAsync(string name, Func<Task> start) => StartTelemetry.FollowAsync(
        _instruments.Activities,
        name,
        _instruments.StartDuration,
        timeProvider,
        () => new("glovebox.environment", ExecutionTelemetry.KindOf(InnerExecutor)),
        async () =>
        {
            await start().ConfigureAwait(false);
            return true;
        });
}
