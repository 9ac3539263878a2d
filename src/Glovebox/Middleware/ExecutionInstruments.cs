using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Glovebox.Middleware;

/// <summary>The activity source and the meter of one decorator.</summary>
internal sealed class ExecutionInstruments : IDisposable
{
    private static readonly InstrumentAdvice<double> Seconds =
        new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] };

    private readonly Meter _meter;

    public ExecutionInstruments(string sourceName, TimeProvider timeProvider)
    {
        string? version = typeof(ExecutionInstruments).Assembly.GetName().Version?.ToString(3);
        TimeProvider = timeProvider;
        Activities = new ActivitySource(sourceName, version);
        _meter = new Meter(sourceName, version);
        Executions = _meter.CreateCounter<long>("glovebox.executions", "{execution}", "Executions that ended.");
        ActiveExecutions = _meter.CreateUpDownCounter<long>(
            "glovebox.executions.active", "{execution}", "Executions that run or wait for their turn.");
        ExecutionDuration = _meter.CreateHistogram("glovebox.execution.duration", "s", "How long executions took.", null, Seconds);
        Blocks = _meter.CreateCounter<long>("glovebox.blocks", "{block}", "Code blocks that ended.");
        BlockDuration = _meter.CreateHistogram("glovebox.block.duration", "s", "How long code blocks took.", null, Seconds);
    }

    public TimeProvider TimeProvider { get; }

    public ActivitySource Activities { get; }

    public Counter<long> Executions { get; }

    public UpDownCounter<long> ActiveExecutions { get; }

    public Histogram<double> ExecutionDuration { get; }

    public Counter<long> Blocks { get; }

    public Histogram<double> BlockDuration { get; }

    public bool HasListeners =>
        Activities.HasListeners()
        || Executions.Enabled
        || ActiveExecutions.Enabled
        || ExecutionDuration.Enabled
        || Blocks.Enabled
        || BlockDuration.Enabled;

    public void Dispose()
    {
        Activities.Dispose();
        _meter.Dispose();
    }
}
