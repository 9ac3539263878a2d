using System.Globalization;

namespace Glovebox.Bench;

/// <summary>What the processes that this program has started have used, those that have ended included.</summary>
/// <param name="PageFaults">How often the kernel had to give them a page of memory.</param>
/// <param name="ProcessorTime">The time that they kept a processor busy.</param>
internal readonly record struct Usage(long PageFaults, TimeSpan ProcessorTime)
{
    /// <summary>The kernel counts in hundredths of a second, on every machine that .NET runs on.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    public static Usage operator -(Usage left, Usage right) =>
        new(left.PageFaults - right.PageFaults, left.ProcessorTime - right.ProcessorTime);

    public static Usage operator +(Usage left, Usage right) =>
        new(left.PageFaults + right.PageFaults, left.ProcessorTime + right.ProcessorTime);

    /// <summary>Reads what was used until now.</summary>
    public static Usage Now()
    {
        Dictionary<int, long[]> all = All();

        // Page faults and times of the process, and of its children that have ended.
        const int Faults = 7, EndedFaults = 8, Time = 11, EndedTime = 13;
        long[] own = all[Environment.ProcessId];
        long faults = own[EndedFaults], ticks = own[EndedTime] + own[EndedTime + 1];
        foreach ((int id, long[] process) in all)
        {
            if (id != Environment.ProcessId && DescendsFromThis(id, all))
            {
                faults += process[Faults] + process[EndedFaults];
                ticks += process[Time] + process[Time + 1] + process[EndedTime] + process[EndedTime + 1];
            }
        }

        return new Usage(faults, ticks * Tick);
    }

    /// <summary>Gives the memory of the processes that this program has started, in KiB: what they share is divided among those that share
    /// it (the proportional set size).</summary>
    public static long ProportionalKibibytes()
    {
        Dictionary<int, long[]> all = All();
        return all.Keys.Where(id => id != Environment.ProcessId && DescendsFromThis(id, all)).Sum(Proportional);
    }

    private static long Proportional(int id)
    {
        try
        {
            string line = File.ReadLines($"/proc/{id}/smaps_rollup").First(l => l.StartsWith("Pss:", StringComparison.Ordinal));
            return long.Parse(line[4..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static Dictionary<int, long[]> All()
    {
        Dictionary<int, long[]> all = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && Fields(folder) is { } fields)
            {
                all[id] = fields;
            }
        }

        return all;
    }

    private static bool DescendsFromThis(int id, Dictionary<int, long[]> all)
    {
        const int Parent = 1;
        while (id != Environment.ProcessId && all.TryGetValue(id, out long[]? process))
        {
            id = (int)process[Parent];
        }

        return id == Environment.ProcessId;
    }

    /// <summary>Gives the fields of a process behind its name, which may hold spaces; null when it has ended.</summary>
    private static long[]? Fields(string folder)
    {
        try
        {
            string line = File.ReadAllText(Path.Combine(folder, "stat"));
            return [.. line[(line.LastIndexOf(')') + 2)..].Split(' ').Take(15)
                .Select(field => long.TryParse(field, CultureInfo.InvariantCulture, out long number) ? number : 0)];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
