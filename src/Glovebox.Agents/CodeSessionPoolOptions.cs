namespace Glovebox.Agents;

/// <summary>How many sessions a <see cref="CodeSessionPool"/> keeps, and for how long. The pool copies its options.</summary>
public sealed class CodeSessionPoolOptions
{
    /// <summary>How many sessions there are at most. Default: 16.</summary>
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

    /// <summary>How long a session may stand unused before it is ended and its files are gone. Default: 20 minutes.
    /// <see cref="Timeout.InfiniteTimeSpan"/> keeps it until the pool is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public TimeSpan IdleTimeout
    {
        get;
        set
        {
            // A timer takes at most int.MaxValue milliseconds.
            if (value != Timeout.InfiniteTimeSpan && (value <= TimeSpan.Zero || value.TotalMilliseconds > int.MaxValue))
            {
                throw new ArgumentOutOfRangeException(
                    nameof(IdleTimeout), value, "IdleTimeout must be more than zero and at most 24 days.");
            }

            field = value;
        }
    } = TimeSpan.FromMinutes(20);

    /// <summary>What becomes of a new session when there are <see cref="MaxSessions"/> already. Default:
    /// <see cref="FullPoolBehavior.EndLeastRecentlyUsed"/>.</summary>
    public FullPoolBehavior WhenFull { get; set; } = FullPoolBehavior.EndLeastRecentlyUsed;
}

/// <summary>What a full pool does when another session is asked for.</summary>
public enum FullPoolBehavior
{
    /// <summary>Ends the session that has been unused for longest; refuses when all are in use.</summary>
    EndLeastRecentlyUsed,

    /// <summary>Refuses with a <see cref="CodeExecutionException"/>, code <c>too-many-sessions</c>.</summary>
    Refuse,
}
