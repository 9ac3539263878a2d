using System.Runtime.CompilerServices;

namespace Glovebox.Sessions;

/// <summary>Options of <see cref="CodeSessionPool"/>, which copies them when it is made.</summary>
public sealed class CodeSessionPoolOptions
{
    /// <summary>Gets or sets the pool's name in traces and metrics, as <c>glovebox.pool.name</c>. The default is <c>default</c>.</summary>
    /// <exception cref="ArgumentException">Null or empty.</exception>
    public string Name
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value, nameof(Name));
            field = value;
        }
    } = "default";

    /// <summary>Gets or sets the number of executors that wait, started, for new sessions. They come on top of <see cref="MaxSessions"/>.
    /// The default is 1: a new session begins at once, at the price of one idle sandbox. With 0, each new session waits for its own
    /// start.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or more than 1,000.</exception>
    public int StartedAhead { get; set => field = InRange(value, 0); } = 1;

    /// <summary>Gets or sets the number of executors that are started at the same time. The default is 4.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 or more than 1,000.</exception>
    public int MaxConcurrentStarts { get; set => field = InRange(value, 1); } = 4;

    /// <summary>Gets or sets the number of sessions that there are at most. The default is 16.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int MaxSessions
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxSessions));
            field = value;
        }
    } = 16;

    /// <summary>Gets or sets what the pool does when another session is asked for and there are <see cref="MaxSessions"/> already. The
    /// default is <see cref="FullPoolBehavior.EndLeastRecentlyUsed"/>.</summary>
    public FullPoolBehavior WhenFull { get; set; } = FullPoolBehavior.EndLeastRecentlyUsed;

    /// <summary>Gets or sets the time after which a session that is not in use is ended, and its files deleted. The default is 20 minutes.
    /// <see cref="Timeout.InfiniteTimeSpan"/> sets no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public TimeSpan IdleTimeout { get; set => field = CheckLifetime(value); } = TimeSpan.FromMinutes(20);

    /// <summary>Gets or sets the time after which a session is ended even while it is in use. The default is
    /// <see cref="Timeout.InfiniteTimeSpan"/>: no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public TimeSpan MaxLifetime { get; set => field = CheckLifetime(value); } = Timeout.InfiniteTimeSpan;

    internal CodeSessionPoolOptions Copy() => (CodeSessionPoolOptions)MemberwiseClone();

    // A timer takes at most int.MaxValue milliseconds.
    internal static TimeSpan CheckLifetime(TimeSpan value, [CallerMemberName] string name = "") =>
        value == Timeout.InfiniteTimeSpan || (value > TimeSpan.Zero && value.TotalMilliseconds <= int.MaxValue)
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must be more than zero and at most 24 days.");

    private static int InRange(int value, int least, [CallerMemberName] string name = "") => value >= least && value <= 1000
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be from {least} to 1,000.");
}

/// <summary>What a full pool does when another session is asked for.</summary>
public enum FullPoolBehavior
{
    /// <summary>Ends the session that has been unused for longest; refuses when all are in use.</summary>
    EndLeastRecentlyUsed,

    /// <summary>Refuses with a <see cref="CodeExecutionException"/>, code <c>too-many-sessions</c>.</summary>
    Refuse,

    /// <summary>Ends the session that has been unused for longest; when all are in use, waits until one is given back or ends.</summary>
    Wait,
}
