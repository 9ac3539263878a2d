namespace Glovebox.Server.Hosting;

/// <summary>Counts what a server that ends should wait for: blocks, and files that come or go.</summary>
internal sealed class RunningWork
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _none = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    /// <summary>Counts one more, until what it gives is disposed.</summary>
    public IDisposable Begin()
    {
        lock (_lock)
        {
            _count++;
        }

        return new One(this);
    }

    /// <summary>Waits until nothing runs, or some time is over.</summary>
    public async Task WaitAsync(TimeSpan most, TimeProvider time, CancellationToken cancellationToken)
    {
        Task none;
        lock (_lock)
        {
            if (_count == 0)
            {
                return;
            }

            none = _none.Task;
        }

        await none.WaitAsync(most, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void End()
    {
        lock (_lock)
        {
            if (--_count == 0)
            {
                _none.SetResult();
                _none = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    private sealed class One(RunningWork work) : IDisposable
    {
        private RunningWork? _work = work;

        public void Dispose() => Interlocked.Exchange(ref _work, null)?.End();
    }
}
