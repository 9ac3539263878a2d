namespace Glovebox.Sessions;

/// <summary>What one session of a <see cref="CodeSessionPool"/> has otherwise than the pool's options say. It counts for the caller that
/// begins the session; who takes up one that is there gets it as it is.</summary>
public sealed class CodeSessionOptions
{
    /// <summary>Gets the time after which the session is ended when it is not in use. The default, null, is
    /// <see cref="CodeSessionPoolOptions.IdleTimeout"/>. <see cref="Timeout.InfiniteTimeSpan"/> sets no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public TimeSpan? IdleTimeout { get; init => field = value is { } time ? CodeSessionPoolOptions.CheckLifetime(time) : null; }

    /// <summary>Gets the time after which the session is ended even while it is in use. The default, null, is
    /// <see cref="CodeSessionPoolOptions.MaxLifetime"/>. <see cref="CodeSessionPool.SetLifetime"/> changes it later.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public TimeSpan? MaxLifetime { get; init => field = value is { } time ? CodeSessionPoolOptions.CheckLifetime(time) : null; }

    /// <summary>Gets what makes the session's executor, with a work directory of its own; the pool starts and disposes it. The token is
    /// cancelled when the session is ended meanwhile. The default, null, is the pool's own factory; with another one, no executor that was
    /// started ahead serves the session.</summary>
    public Func<CancellationToken, ValueTask<ICodeExecutor>>? ExecutorFactory { get; init; }
}
