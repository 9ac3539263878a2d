namespace Glovebox.Functions.Calls;

/// <summary>Limits how many calls begin in a second; after a pause, that many may begin at once.</summary>
/// <remarks>By hand, because the limiters of System.Threading.RateLimiting read the system's clock and no
/// <see cref="TimeProvider"/>.</remarks>
internal sealed class CallRate(int perSecond, TimeProvider timeProvider)
{
    private readonly Lock _lock = new();
    private double _left = perSecond;
    private long _last = timeProvider.GetTimestamp();

    public bool TryTake()
    {
        lock (_lock)
        {
            long now = timeProvider.GetTimestamp();
            _left = Math.Min(perSecond, _left + (timeProvider.GetElapsedTime(_last, now).TotalSeconds * perSecond));
            _last = now;
            if (_left < 1)
            {
                return false;
            }

            _left--;
            return true;
        }
    }
}
