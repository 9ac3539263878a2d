using Glovebox.Sessions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Glovebox.Hosting;

/// <summary>Tells whether a pool has sessions to give:
/// <c>services.AddHealthChecks().AddCheck&lt;CodeSessionPoolHealthCheck&gt;("sandboxes")</c>.</summary>
/// <remarks>The check starts the executors that are to wait for new sessions, as <see cref="CodeSessionPool.FillAsync"/> does; with
/// <see cref="CodeSessionPoolOptions.StartedAhead"/> 0 it starts none. A start that fails has the failure status of the check's
/// registration; a pool whose callers wait because all sessions are in use is degraded.</remarks>
/// <param name="pool">The pool. It stays the caller's.</param>
public sealed class CodeSessionPoolHealthCheck(CodeSessionPool pool) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            await pool.FillAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CodeExecutionException or ObjectDisposedException)
        {
            return CodeExecutorHealthCheck.Failed(context, e, Data(pool.Counts));
        }

        PoolCounts counts = pool.Counts;
        return counts.Waiting > 0 && counts.Used >= pool.MaxSessions
            ? HealthCheckResult.Degraded(
                $"All {pool.MaxSessions} sessions are in use, and {counts.Waiting} callers wait.", data: Data(counts))
            : HealthCheckResult.Healthy(data: Data(counts));
    }

    private static Dictionary<string, object> Data(PoolCounts counts) => new()
    {
        ["sessions"] = counts.Sessions,
        ["used"] = counts.Used,
        ["ready"] = counts.Ready,
        ["waiting"] = counts.Waiting,
    };
}
