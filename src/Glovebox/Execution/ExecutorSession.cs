using System.Collections.Concurrent;

namespace Glovebox.Execution;

/// <summary>The time between a start and a stop of an executor.</summary>
internal sealed class ExecutorSession : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<Task<BlockResult>, bool> _running = new();

    public ExecutorSession() => Ending = _ending.Token;

    public CancellationToken Ending { get; }

    /// <exception cref="ExecutorStoppedException">The executor is being stopped, or was.</exception>
    public void ThrowIfEnding()
    {
        if (Ending.IsCancellationRequested)
        {
            throw new ExecutorStoppedException();
        }
    }

    public void Dispose() => _ending.Dispose();

    /// <summary>Notes a block that runs, until it has ended.</summary>
    public Task<BlockResult> Track(Task<BlockResult> running)
    {
        if (!running.IsCompleted && _running.TryAdd(running, true))
        {
            _ = running.ContinueWith(ended => _running.TryRemove(ended, out bool _), TaskScheduler.Default);
        }

        return running;
    }

    /// <summary>Kills the blocks that run and waits until they are dead.</summary>
    public async Task EndAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await ((Task)Task.WhenAll(_running.Keys)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
