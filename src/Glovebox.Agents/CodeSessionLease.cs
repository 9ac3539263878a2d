using Glovebox.Agents.Sessions;

namespace Glovebox.Agents;

/// <summary>The use of a session's executor. Dispose it when done: a session in use does not idle out.</summary>
public sealed class CodeSessionLease : IAsyncDisposable
{
    private readonly CodeSessionPool? _pool;
    private int _disposed;

    internal CodeSessionLease(CodeSessionPool pool, CodeSession session, bool isNew)
    {
        _pool = pool;
        Session = session;
        Executor = session.Executor;
        IsNew = isNew;
    }

    private CodeSessionLease(ICodeExecutor executor)
    {
        Executor = executor;
    }

    /// <summary>The executor, started. It belongs to the pool: do not stop or dispose it.</summary>
    public ICodeExecutor Executor { get; }

    /// <summary>Whether the session began with this lease, so that no files of earlier use are there.</summary>
    public bool IsNew { get; }

    internal CodeSession? Session { get; }

    /// <summary>Gives the session back. It is kept for <see cref="CodeSessionPoolOptions.IdleTimeout"/>.</summary>
    public ValueTask DisposeAsync()
    {
        if (_pool is not null && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _pool.Release(Session!);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The use of an executor that somebody else looks after. It is started if it is not.</summary>
    internal static async ValueTask<CodeSessionLease> OfAsync(ICodeExecutor executor, CancellationToken cancellationToken)
    {
        await executor.StartAsync(cancellationToken).ConfigureAwait(false);
        return new CodeSessionLease(executor);
    }
}
