using Microsoft.Extensions.Logging;

namespace Glovebox.Middleware;

/// <summary>Logs what an executor is asked and how it ends.</summary>
internal sealed class LoggingCodeExecutor(
    ICodeExecutor innerExecutor, ILogger logger, TimeProvider timeProvider, bool enableSensitiveData)
    : DelegatingCodeExecutor(innerExecutor)
{
    public override Task StartAsync(CancellationToken cancellationToken = default) =>
        FollowAsync("Start", InnerExecutor.StartAsync, cancellationToken);

    public override Task StopAsync(CancellationToken cancellationToken = default) =>
        FollowAsync("Stop", InnerExecutor.StopAsync, cancellationToken);

    public override Task RestartAsync(CancellationToken cancellationToken = default) =>
        FollowAsync("Restart", InnerExecutor.RestartAsync, cancellationToken);

    public override IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks, CodeExecutionOptions? options = null, CancellationToken cancellationToken = default)
    {
        IAsyncEnumerable<CodeExecutionUpdate> updates =
            InnerExecutor.ExecuteCodeBlocksStreamingAsync(codeBlocks, options, cancellationToken);
        int count = codeBlocks.Count;
        return ExecutionObserver.FollowAsync(
            updates,
            () => new ExecutionLog(logger, timeProvider, LanguageRegistry.Of(InnerExecutor), count, enableSensitiveData),
            cancellationToken);
    }

    private async Task FollowAsync(string operation, Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        LogMessages.OperationBegan(logger, operation);
        long began = timeProvider.GetTimestamp();
        try
        {
            await run(cancellationToken).ConfigureAwait(false);
            double milliseconds = timeProvider.GetElapsedTime(began).TotalMilliseconds;
            LogMessages.OperationEnded(logger, operation, milliseconds);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogMessages.OperationCancelled(logger, operation);
            throw;
        }
        catch (Exception e)
        {
            LogMessages.OperationFailed(logger, operation, e);
            throw;
        }
    }
}
