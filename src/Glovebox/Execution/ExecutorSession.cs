namespace Glovebox.Execution;

/// <summary>The time between a start and a stop of an executor.</summary>
internal sealed class ExecutorSession : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private volatile Task _running = Task.CompletedTask;

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

    public Task<BlockResult> Track(Task<BlockResult> running)
    {
        _running = running;
        return running;
    }

    /// <summary>Kills the running block and waits until it is dead.</summary>
    public async Task EndAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
