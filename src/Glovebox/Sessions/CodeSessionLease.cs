namespace Glovebox.Sessions;

/// <summary>The use of a session's executor. Dispose it when done: a session in use does not idle out.</summary>
public sealed class CodeSessionLease : IAsyncDisposable
{
    private readonly Func<Task>? _release;
    private int _disposed;

    internal CodeSessionLease(ICodeExecutor executor, bool isNew, Task sessionEnded, Func<Task>? release)
    {
        Executor = executor;
        IsNew = isNew;
        SessionEnded = sessionEnded;
        _release = release;
    }

    /// <summary>Gets the executor, started. It belongs to the pool: do not stop or dispose it.</summary>
    public ICodeExecutor Executor { get; }

    /// <summary>Gets whether the session began with this lease, so that it has no files of earlier use.</summary>
    public bool IsNew { get; }

    /// <summary>Gets a task that completes when the pool begins to end the session. It never fails.</summary>
    public Task SessionEnded { get; }

    /// <summary>Gives the session back. One with a name is kept for <see cref="CodeSessionPoolOptions.IdleTimeout"/>; one without a name
    /// ends, and the call returns when it has ended.</summary>
    public ValueTask DisposeAsync() =>
        _release is not null && Interlocked.Exchange(ref _disposed, 1) == 0 ? new(_release()) : ValueTask.CompletedTask;

    /// <summary>Starts an executor that belongs to the caller, unless it is started, and gives its use.</summary>
    internal static async ValueTask<CodeSessionLease> OfAsync(ICodeExecutor executor, CancellationToken cancellationToken)
    {
        await executor.StartAsync(cancellationToken).ConfigureAwait(false);
        return new CodeSessionLease(executor, isNew: false, Task.Delay(Timeout.Infinite, CancellationToken.None), release: null);
    }
}
