using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Glovebox.Middleware;

/// <summary>The activity source and the meter of one name, which all executors share. They live as long as the process: a cumulative count
/// would begin again with each new meter.</summary>
internal sealed class ExecutionInstruments
{
    public static readonly InstrumentAdvice<double> Seconds =
        new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] };

    private static readonly ConcurrentDictionary<string, Lazy<ExecutionInstruments>> ByName = new(StringComparer.Ordinal);

    private ExecutionInstruments(string sourceName)
    {
        string? version = typeof(ExecutionInstruments).Assembly.GetName().Version?.ToString(3);
        Activities = new ActivitySource(sourceName, version);
        Meter = new Meter(sourceName, version);
        Executions = Meter.CreateCounter<long>("glovebox.executions", "{execution}", "Executions that ended.");
        ActiveExecutions = Meter.CreateUpDownCounter<long>(
            "glovebox.executions.active", "{execution}", "Executions that run or wait for their turn.");
        ExecutionDuration = Meter.CreateHistogram("glovebox.execution.duration", "s", "How long executions took.", null, Seconds);
        Blocks = Meter.CreateCounter<long>("glovebox.blocks", "{block}", "Code blocks that ended.");
        BlockDuration = Meter.CreateHistogram("glovebox.block.duration", "s", "How long code blocks took.", null, Seconds);
        StartDuration = Meter.CreateHistogram("glovebox.start.duration", "s", "How long starts of executors took.", null, Seconds);
    }

    public ActivitySource Activities { get; }

    public Meter Meter { get; }

    public Counter<long> Executions { get; }

    public UpDownCounter<long> ActiveExecutions { get; }

    public Histogram<double> ExecutionDuration { get; }

    public Counter<long> Blocks { get; }

    public Histogram<double> BlockDuration { get; }

    public Histogram<double> StartDuration { get; }

    public bool HasListeners =>
        Activities.HasListeners()
        || Executions.Enabled
        || ActiveExecutions.Enabled
        || ExecutionDuration.Enabled
        || Blocks.Enabled
        || BlockDuration.Enabled;

    public static ExecutionInstruments Of(string sourceName) =>
        ByName.GetOrAdd(sourceName, name => new Lazy<ExecutionInstruments>(() => new ExecutionInstruments(name))).Value;
}
