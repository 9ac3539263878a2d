using Glovebox.Middleware;
using Microsoft.Extensions.Logging;

namespace Glovebox.Sessions;

/// <content>Starts executors: those that wait for new sessions, and those of sessions that found none waiting.</content>
public sealed partial class CodeSessionPool
{
    private void Refill()
    {
        _isRefillDue = false;
        if (!_disposed)
        {
            StartAhead();
        }
    }

    /// <summary>Starts the executors that are to wait.</summary>
    /// <returns>Completes when they have started.</returns>
    private Task StartAhead()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _ahead.FindAll(a => a.IsLost).ForEach(a => End(a));
        while (_ahead.Count < _options.StartedAhead)
        {
            _ahead.Add(new CodeSession(StartAsync));
        }

        return Task.WhenAll(_ahead.Select(a => a.Started));
    }

    private CodeSession? TakeAhead()
    {
        _ahead.FindAll(a => a.IsLost).ForEach(a => End(a));
        CodeSession? taken = _ahead.Find(a => a.Started.IsCompleted) ?? _ahead.FirstOrDefault();
        _ahead.Remove(taken!);
        return taken;
    }

    private Task<ICodeExecutor> StartAsync(CancellationToken cancellationToken) => StartAsync(ExecutorFactory, cancellationToken);

    private async Task<ICodeExecutor> StartAsync(
        Func<CancellationToken, ValueTask<ICodeExecutor>> factory, CancellationToken cancellationToken)
    {
        await _starts.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await StartTelemetry.FollowAsync(
                PoolInstruments.Activities,
                "start_session",
                PoolInstruments.StartDuration,
                _timeProvider,
                () => PoolInstruments.Tag(_options.Name),
                () => MakeAsync(factory, cancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            _starts.Release();
        }
    }

    private async Task<ICodeExecutor> MakeAsync(
        Func<CancellationToken, ValueTask<ICodeExecutor>> factory, CancellationToken cancellationToken)
    {
        ICodeExecutor? executor = null;
        try
        {
            executor = await factory(cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidOperationException("The executor factory returned null.");
            if (factory == ExecutorFactory)
            {
                SharesState = executor.GetService<IExecutorState>()?.SharesState;
            }

            await executor.StartAsync(cancellationToken).ConfigureAwait(false);
            return executor;
        }
        catch (Exception e)
        {
            if (executor is not null)
            {
                await executor.DisposeAsync().ConfigureAwait(false);
            }

            if (!cancellationToken.IsCancellationRequested)
            {
                LogStartFailed(_logger, e);
            }

            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "An executor could not be started.")]
    private static partial void LogStartFailed(ILogger logger, Exception exception);
}
