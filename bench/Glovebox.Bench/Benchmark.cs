using System.Diagnostics;

namespace Glovebox.Bench;

/// <summary>Something whose time is compared with that of another.</summary>
/// <param name="Name">What is measured, in words.</param>
/// <param name="Run">Does it once. What it returns is disposed after the clock was stopped.</param>
internal sealed record Benchmark(string Name, Func<Task<IAsyncDisposable?>> Run)
{
    /// <summary>What the one before has left to be done (a process that is made ready for the next block, a folder that is deleted) is done
    /// by then, and does not count for this one.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly List<double> _milliseconds = [];
    private Usage _used;

    /// <summary>The benchmark that this one is a multiple of; null for one that others are compared with.</summary>
    public Benchmark? Baseline { get; init; }

    /// <summary>How many times <see cref="Run"/> does what is measured.</summary>
    public int Operations { get; init; } = 1;

    /// <summary>How many times <see cref="Prepare"/> does it.</summary>
    public int PreparedOperations { get; init; }

    /// <summary>The longest median that is good enough, in milliseconds; null where there is no such goal.</summary>
    public double? GoalMilliseconds { get; init; }

    /// <summary>The largest ratio to the baseline that is good enough; null where there is no goal.</summary>
    public double? Goal { get; init; }

    /// <summary>How much longer than the baseline is good enough, in milliseconds; null where there is no such goal.</summary>
    public double? GoalAddedMilliseconds { get; init; }

    /// <summary>Done right before each measurement, without the clock.</summary>
    public Func<Task> Prepare { get; init; } = () => Task.CompletedTask;

    public double Median => Percentile(0.5);

    public double Percentile95 => Percentile(0.95);

    /// <summary>The page faults of an operation, what it has left to be done included; the mean.</summary>
    public double PageFaults => (double)_used.PageFaults / CountedOperations;

    /// <summary>The processor time of an operation in milliseconds, what it has left to be done included; the mean.</summary>
    public double ProcessorMilliseconds => _used.ProcessorTime.TotalMilliseconds / CountedOperations;

    /// <summary>The ratio of the medians.</summary>
    public double? Ratio => Median / Baseline?.Median;

    public bool MeetsGoal => (Goal is null || Ratio <= Goal) && (GoalMilliseconds is null || Median <= GoalMilliseconds)
        && (GoalAddedMilliseconds is null || Median - Baseline!.Median <= GoalAddedMilliseconds);

    private int CountedOperations => _milliseconds.Count * (Operations + PreparedOperations);

    public async Task MeasureAsync(bool isWarmUp)
    {
        Usage before = Usage.Now();
        await Task.Delay(Pause);
        await Prepare();
        long started = Stopwatch.GetTimestamp();
        IAsyncDisposable? used = await Run();
        TimeSpan time = Stopwatch.GetElapsedTime(started);
        if (used is not null)
        {
            await used.DisposeAsync();
        }

        await Task.Delay(Pause);
        if (!isWarmUp)
        {
            _milliseconds.Add(time.TotalMilliseconds / Operations);
            _used += Usage.Now() - before;
        }
    }

    private double Percentile(double share)
    {
        double[] sorted = [.. _milliseconds.Order()];
        return sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
    }
}
