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
        Dictionary<int, long[]> all = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && Fields(folder) is { } fields)
            {
                all[id] = fields;
            }
        }

        // Parent; page faults and times of the process, and of its children that have ended.
        const int Parent = 1, Faults = 7, EndedFaults = 8, Time = 11, EndedTime = 13;
        long[] own = all[Environment.ProcessId];
        long faults = own[EndedFaults], ticks = own[EndedTime] + own[EndedTime + 1];
        foreach ((int id, long[] process) in all)
        {
            if (id != Environment.ProcessId && DescendsFromThis(id))
            {
                faults += process[Faults] + process[EndedFaults];
                ticks += process[Time] + process[Time + 1] + process[EndedTime] + process[EndedTime + 1];
            }
        }

        return new Usage(faults, ticks * Tick);

        bool DescendsFromThis(int id)
        {
            while (id != Environment.ProcessId && all.TryGetValue(id, out long[]? process))
            {
                id = (int)process[Parent];
            }

            return id == Environment.ProcessId;
        }
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
