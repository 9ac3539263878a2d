namespace Glovebox.Sessions;

/// <summary>One executor of a pool, from the beginning of its start to its end, and the session that it serves. The pool's lock guards what
/// changes.</summary>
internal sealed class CodeSession : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins the start, on another thread.</summary>
    public CodeSession(Func<CancellationToken, Task<ICodeExecutor>> start) => Started = Task.Run(() => StartAsync(start));

    /// <summary>The started executor. It fails when the start fails, with an <see cref="ExecutorStoppedException"/> when the executor is
    /// ended before it has started.</summary>
    public Task<ICodeExecutor> Started { get; }

    /// <summary>The executor once it has started.</summary>
    public ICodeExecutor? Executor => Started.IsCompletedSuccessfully ? Started.Result : null;

    public bool HasFailed => Started.IsCompleted && Executor is null;

    /// <summary>Whether its start failed, or its sandbox has ended since.</summary>
    public bool IsLost => HasFailed || Executor?.GetService<ISandbox>() is { Ended.IsCompleted: true };

    /// <summary>The names that the session is found by, oldest first; empty for one that ends with its only lease.</summary>
    public List<string> Names { get; } = [];

    public int Leases { get; set; }

    /// <summary>Whether a lease has been given out, so that guest code may have run.</summary>
    public bool IsUsed { get; set; }

    /// <summary>How long it may be unused, and how long it may live since <see cref="LifetimeSince"/>.</summary>
    public TimeSpan IdleTimeout { get; set; }

    public TimeSpan Lifetime { get; set; }

    public long LifetimeSince { get; set; }

    /// <summary>Completes when the pool begins to end it.</summary>
    public Task Ended => _ended.Task;

    /// <summary>When it was last given back.</summary>
    public long LastUsed { get; set; }

    public override string ToString() => Names.Count == 0 ? "without a name" : Names[0];

    /// <summary>Tells those who use it that it ends.</summary>
    public void TellOfEnd() => _ended.TrySetResult();

    /// <summary>Ends the executor, its start and the code that runs in it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await ((Task)Started).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Executor is { } executor)
        {
            await executor.DisposeAsync().ConfigureAwait(false);
        }

        _ending.Dispose();
    }

    private async Task<ICodeExecutor> StartAsync(Func<CancellationToken, Task<ICodeExecutor>> start)
    {
        try
        {
            return await start(_ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            throw new ExecutorStoppedException();
        }
    }
}
