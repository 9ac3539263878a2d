using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Glovebox.Middleware;

namespace Glovebox.Sessions;

/// <summary>What pools measure and trace, under the library's own source name. Pools of the same name are counted together.</summary>
internal static class PoolInstruments
{
    private const string PoolName = "glovebox.pool.name";

    /// <summary>A pool that nothing refers to is not counted any more, disposed or not.</summary>
    private static readonly ConditionalWeakTable<CodeSessionPool, string> Pools = [];

    static PoolInstruments()
    {
        ExecutionInstruments shared = ExecutionInstruments.Of(OpenTelemetryExtensions.DefaultSourceName);
        Activities = shared.Activities;
        Meter meter = shared.Meter;
        StartDuration = meter.CreateHistogram(
            "glovebox.pool.start.duration", "s", "How long starts of executors took.", null, ExecutionInstruments.Seconds);
        WaitDuration = meter.CreateHistogram(
            "glovebox.pool.wait.duration", "s", "How long callers waited for sessions.", null, ExecutionInstruments.Seconds);
        Observe("glovebox.pool.sessions", "{session}", "Sessions that have not ended.", counts => counts.Sessions);
        Observe("glovebox.pool.sessions.used", "{session}", "Sessions in use.", counts => counts.Used);
        Observe("glovebox.pool.ready", "{executor}", "Executors that wait, started, for new sessions.", counts => counts.Ready);
        Observe("glovebox.pool.waiting", "{caller}", "Callers that wait for a session.", counts => counts.Waiting);

        void Observe(string name, string unit, string description, Func<PoolCounts, int> count) =>
            meter.CreateObservableUpDownCounter(name, () => Measure(count), unit, description);
    }

    public static ActivitySource Activities { get; }

    public static Histogram<double> StartDuration { get; }

    public static Histogram<double> WaitDuration { get; }

    public static void Add(CodeSessionPool pool, string name) => Pools.Add(pool, name);

    public static void Remove(CodeSessionPool pool) => Pools.Remove(pool);

    public static KeyValuePair<string, object?> Tag(string name) => new(PoolName, name);

    private static Measurement<long>[] Measure(Func<PoolCounts, int> count) =>
    [
        .. Pools.GroupBy(p => p.Value, StringComparer.Ordinal)
            .Select(pools => new Measurement<long>(pools.Sum(p => (long)count(p.Key.Counts)), Tag(pools.Key))),
    ];
}

/// <summary>How many sessions, executors and callers a pool has at one moment.</summary>
/// <param name="Sessions">Sessions that have not ended.</param>
/// <param name="Used">Those in use.</param>
/// <param name="Ready">Executors that wait, started.</param>
/// <param name="Waiting">Callers that wait for a session.</param>
internal readonly record struct PoolCounts(int Sessions, int Used, int Ready, int Waiting);
