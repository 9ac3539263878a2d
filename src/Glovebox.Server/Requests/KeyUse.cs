using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using Glovebox.Server.Keys;

namespace Glovebox.Server.Requests;

/// <summary>How much each key uses at the moment.</summary>
internal sealed class KeyUse : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, One> _keys = new(StringComparer.Ordinal);

    /// <summary>Counts a request.</summary>
    /// <exception cref="ApiException">There were too many.</exception>
    public void CountRequest(ApiKey key)
    {
        if (key.Limits.MaxRequestsPerMinute is not { } most)
        {
            return;
        }

        using RateLimitLease lease = Of(key).Requests(most).AttemptAcquire();
        if (!lease.IsAcquired)
        {
            TimeSpan wait = lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after) ? after : Period;
            throw ApiException.TooMany($"This key may send {most} requests in a minute.", wait);
        }
    }

    /// <summary>Counts blocks that run, until what it gives is disposed.</summary>
    /// <exception cref="ApiException">There are too many.</exception>
    public IDisposable BeginExecution(ApiKey key)
    {
        One one = Of(key);
        if (Interlocked.Increment(ref one.Executions) > (key.Limits.MaxExecutions ?? int.MaxValue))
        {
            Interlocked.Decrement(ref one.Executions);
            throw ApiException.TooMany($"This key may run {key.Limits.MaxExecutions} blocks at a time.", Period);
        }

        return new Execution(one);
    }

    public void Dispose()
    {
        foreach (One one in _keys.Values)
        {
            one.Dispose();
        }
    }

    private One Of(ApiKey key) => _keys.GetOrAdd(key.Id, _ => new());

    private sealed class Execution(One one) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Interlocked.Decrement(ref one.Executions);
            }
        }
    }

    private sealed class One : IDisposable
    {
        private readonly Lock _lock = new();
        private TokenBucketRateLimiter? _requests;
        private int _perMinute;

        public int Executions;

        /// <summary>A key that was limited otherwise since begins anew.</summary>
        public TokenBucketRateLimiter Requests(int perMinute)
        {
            lock (_lock)
            {
                if (_requests is null || _perMinute != perMinute)
                {
                    _requests?.Dispose();
                    _perMinute = perMinute;
                    _requests = new(new TokenBucketRateLimiterOptions
                    {
                        TokenLimit = perMinute,
                        TokensPerPeriod = Math.Max(1, perMinute / 60),
                        ReplenishmentPeriod = perMinute >= 60 ? Period : TimeSpan.FromMinutes(1) / perMinute,
                    });
                }

                return _requests;
            }
        }

        public void Dispose() => _requests?.Dispose();
    }
}
