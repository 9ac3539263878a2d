using System.Globalization;
using System.Text.Json;

namespace Glovebox.Bench;

/// <summary>Shows what was measured.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static void WriteTable(IReadOnlyList<Benchmark> benchmarks, IReadOnlyList<ContextMemory> memory, int rounds)
    {
        int width = benchmarks.Max(b => b.Name.Length);
        Console.WriteLine($"{"".PadRight(width)}  median ms   p95 ms  faults   cpu ms   ratio   goal");
        foreach (Benchmark b in benchmarks)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{b.Name.PadRight(width)}  {b.Median,9:0.00}  {b.Percentile95,7:0.00}  {b.PageFaults,6:0}  "
                + $"{b.ProcessorMilliseconds,7:0.0}  {b.Ratio,6:0.00}  {Goal(b)}").TrimEnd());
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{rounds} rounds, with {Benchmark.Pause.TotalMilliseconds} ms between the measurements; each ratio is that of the medians, to "
            + $"the bare program, the plain WebSocket or the engine's own command above it. Page faults and processor time are those of "
            + $"the processes that this program has started; the engine's are not among them."));
        foreach (ContextMemory m in memory)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{m.Name}: {m.Kibibytes / 1024.0:0.0} MiB (proportional set size, over {ContextMemory.Contexts} contexts)"));
        }
    }

    public static void WriteJson(
        IReadOnlyList<Benchmark> benchmarks, IReadOnlyList<ContextMemory> memory, int rounds) => Console.WriteLine(JsonSerializer.Serialize(
        new
        {
            rounds,
            meetsGoals = benchmarks.All(b => b.MeetsGoal),
            benchmarks = benchmarks.Select(b => new
            {
                b.Name,
                medianMs = Math.Round(b.Median, 3),
                percentile95Ms = Math.Round(b.Percentile95, 3),
                pageFaults = Math.Round(b.PageFaults),
                processorMs = Math.Round(b.ProcessorMilliseconds, 2),
                baseline = b.Baseline?.Name,
                ratio = b.Ratio is { } ratio ? Math.Round(ratio, 3) : (double?)null,
                b.Goal,
                b.GoalMilliseconds,
                b.GoalAddedMilliseconds,
                b.MeetsGoal,
            }),
            memory = memory.Select(m => new { m.Name, m.Kibibytes }),
        },
        Json));

    private static string Goal(Benchmark b) =>
        b.GoalAddedMilliseconds is { } added
            ? string.Create(CultureInfo.InvariantCulture, $"{(b.MeetsGoal ? "met" : "MISSED")}: at most {added:0.##} ms more")
        : b.Goal is null && b.GoalMilliseconds is null ? ""
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{(b.MeetsGoal ? "met" : "MISSED")}: at most {b.Goal ?? b.GoalMilliseconds:0.##}{(b.Goal is null ? " ms" : "")}");
}
