using System.Globalization;

namespace Glovebox.Sandboxes.Host;

/// <summary>Limits on the processes of one sandbox together, kept by the kernel: a control group in each hierarchy that is
/// needed.</summary>
/// <remarks>Version 2 has one hierarchy, version 1 one for each controller; a machine may have both. Only what can really be made here is
/// reported as enforced. Whoever makes a process a member does so by writing its id to <see cref="MembershipFiles"/>.</remarks>
internal sealed class ControlGroup : IDisposable
{
    private const string Prefix = "glovebox-";

    /// <summary>The processor time of a period is what a limit is a share of, in microseconds.</summary>
    private const int Period = 100_000;

    private readonly List<string> _folders = [];
    private string? _memoryFolder;
    private long _kills;

    private ControlGroup()
    {
    }

    public bool LimitsMemory => _memoryFolder is not null;

    public bool LimitsProcesses { get; private set; }

    public bool LimitsCpus { get; private set; }

    /// <summary>1 or 2.</summary>
    public int Version { get; private set; } = 1;

    /// <summary>The files that take the id of a process that is to be a member.</summary>
    public IEnumerable<string> MembershipFiles => _folders.Select(f => Path.Combine(f, "cgroup.procs"));

    /// <summary>Makes a group with those of the limits that can be kept here. The result may keep none.</summary>
    /// <param name="memory">Bytes.</param>
    /// <param name="processes">Processes and threads.</param>
    /// <param name="cpus">Cores, or null for no limit.</param>
    /// <param name="root">Where the hierarchies are mounted.</param>
    /// <param name="membership">What <c>/proc/self/cgroup</c> says.</param>
    public static ControlGroup Create(
        long memory, int processes, double? cpus, string root = "/sys/fs/cgroup", string membership = "/proc/self/cgroup")
    {
        ControlGroup group = new();
        string name = $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():n}";
        Dictionary<string, string> own = Own(membership);
        if (File.Exists(Path.Combine(root, "cgroup.controllers")))
        {
            group.CreateUnified(root, own.GetValueOrDefault("", "/"), name, memory, processes, cpus);
            return group;
        }

        group.CreateSplit(root, own, "memory", name, folder =>
        {
            Write(folder, "memory.limit_in_bytes", memory);

            // Where swap is accounted for, memory and swap together are the limit: else a bomb fills the swap first.
            if (File.Exists(Path.Combine(folder, "memory.memsw.limit_in_bytes")))
            {
                Write(folder, "memory.memsw.limit_in_bytes", memory);
            }

            group._memoryFolder = folder;
        });
        group.CreateSplit(root, own, "pids", name, folder =>
        {
            Write(folder, "pids.max", processes);
            group.LimitsProcesses = true;
        });
        if (cpus is { } cores)
        {
            group.CreateSplit(root, own, "cpu", name, folder =>
            {
                Write(folder, "cpu.cfs_period_us", Period);
                Write(folder, "cpu.cfs_quota_us", (long)Math.Max(1000, cores * Period));
                group.LimitsCpus = true;
            });
        }

        group._kills = group.Kills();
        return group;
    }

    /// <summary>Whether the kernel has killed a member for want of memory since this was last asked.</summary>
    public bool TakeOutOfMemory()
    {
        long before = _kills;
        _kills = Kills();
        return _kills > before;
    }

    /// <summary>Bytes in use.</summary>
    public long MemoryInUse() =>
        _memoryFolder is null ? 0 : ReadNumber(Path.Combine(_memoryFolder, Version == 2 ? "memory.current" : "memory.usage_in_bytes"));

    /// <summary>Removes the group once its last member has gone. One that has members stays until the sweep of a later process.</summary>
    public void Dispose()
    {
        foreach (string folder in _folders)
        {
            Remove(folder);
        }

        _folders.Clear();
    }

    private void CreateUnified(string root, string own, string name, long memory, int processes, double? cpus)
    {
        // A group with processes of its own cannot hand controllers down, so the place is one of our ancestors.
        for (string at = own; ; at = Parent(at))
        {
            string parent = root + at.TrimEnd('/');
            string folder = Path.Combine(parent, name);
            string[] controllers = ReadWords(Path.Combine(parent, "cgroup.subtree_control"));
            if (controllers.Contains("memory") && controllers.Contains("pids") && TryMake(parent, folder, () =>
            {
                Write(folder, "memory.max", memory);
                if (File.Exists(Path.Combine(folder, "memory.swap.max")))
                {
                    Write(folder, "memory.swap.max", 0);
                }

                Write(folder, "pids.max", processes);
                if (cpus is { } cores && controllers.Contains("cpu"))
                {
                    File.WriteAllText(
                        Path.Combine(folder, "cpu.max"),
                        string.Create(CultureInfo.InvariantCulture, $"{(long)Math.Max(1000, cores * Period)} {Period}"));
                    LimitsCpus = true;
                }
            }))
            {
                Version = 2;
                _memoryFolder = folder;
                LimitsProcesses = true;
                _kills = Kills();
                return;
            }

            if (at is "/" or "")
            {
                return;
            }
        }
    }

    private void CreateSplit(string root, Dictionary<string, string> own, string controller, string name, Action<string> limit)
    {
        string mount = Path.Combine(root, controller);
        string parent = mount + own.GetValueOrDefault(controller, "/").TrimEnd('/');

        // In a container the path may be the host's, which is not mounted here.
        parent = Directory.Exists(parent) ? parent : mount;
        string folder = Path.Combine(parent, name);
        _ = TryMake(parent, folder, () => limit(folder));
    }

    private bool TryMake(string parent, string folder, Action limit)
    {
        if (!Directory.Exists(parent))
        {
            return false;
        }

        try
        {
            Sweep(parent);
            Directory.CreateDirectory(folder);
            limit();
            _folders.Add(folder);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(folder);
            return false;
        }
    }

    /// <summary>Removes the groups of processes that were killed before they could.</summary>
    private static void Sweep(string parent)
    {
        foreach (string folder in Directory.EnumerateDirectories(parent, Prefix + "*"))
        {
            // Others may have groups whose names begin so.
            string[] fields = Path.GetFileName(folder)[Prefix.Length..].Split('-');
            if (fields is [{ } id, { Length: 32 }] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out _) && !Directory.Exists("/proc/" + id))
            {
                Remove(folder);
            }
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It still has members, or is gone.
        }
    }

    private long Kills() => _memoryFolder is null ? 0
        : ReadWords(Path.Combine(_memoryFolder, Version == 2 ? "memory.events" : "memory.oom_control")) is var words
            && Array.IndexOf(words, "oom_kill") is >= 0 and var at && at + 1 < words.Length
            ? long.Parse(words[at + 1], CultureInfo.InvariantCulture)
            : 0;

    private static Dictionary<string, string> Own(string membership)
    {
        Dictionary<string, string> own = new(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(membership))
        {
            string[] fields = line.Split(':', 3);
            if (fields.Length == 3)
            {
                foreach (string controller in fields[1].Split(','))
                {
                    own[controller] = fields[2];
                }
            }
        }

        return own;
    }

    private static string Parent(string path) => path.LastIndexOf('/') is > 0 and var at ? path[..at] : "/";

    private static string[] ReadWords(string file)
    {
        try
        {
            return File.ReadAllText(file).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static long ReadNumber(string file) => ReadWords(file) is [var number] ? long.Parse(number, CultureInfo.InvariantCulture) : 0;

    private static void Write(string folder, string file, long value) =>
        File.WriteAllText(Path.Combine(folder, file), value.ToString(CultureInfo.InvariantCulture));
}
