namespace Glovebox.Middleware;

/// <summary>Traces and measures what an executor does.</summary>
internal sealed class OpenTelemetryCodeExecutor(
    ICodeExecutor innerExecutor, string sourceName, TimeProvider timeProvider, bool enableSensitiveData)
    : DelegatingCodeExecutor(innerExecutor)
{
    private readonly ExecutionInstruments _instruments = new(sourceName, timeProvider);

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
            updates, () => new ExecutionTelemetry(_instruments, InnerExecutor, count, enableSensitiveData), cancellationToken);
    }

    protected override async ValueTask DisposeAsyncCore()
    {
        await base.DisposeAsyncCore().ConfigureAwait(false);
        _instruments.Dispose();
    }
}
