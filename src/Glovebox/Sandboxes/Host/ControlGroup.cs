using System.Globalization;

namespace Glovebox.Sandboxes.Host;

/// <summary>Limits on the processes of one sandbox together, kept by the kernel: a control group in each hierarchy that is
/// needed.</summary>
/// <remarks>Version 2 has one hierarchy, version 1 one for each controller; a machine may have both. Only what can really be made here is
/// reported as enforced. A process of one thread becomes a member when it writes 0 to <see cref="MembershipFiles"/>.</remarks>
internal sealed class ControlGroup : IDisposable
{
    private const string Prefix = "glovebox-";

    /// <summary>The processor time of a period is what a limit is a share of, in microseconds.</summary>
    private const int Period = 100_000;

    private readonly List<string> _folders = [];
    private readonly HashSet<string> _controllers = new(StringComparer.Ordinal);
    private string? _memoryFolder;
    private long _kills;

    private ControlGroup(int version) => Version = version;

    public bool LimitsMemory => _controllers.Contains("memory");

    public bool LimitsProcesses => _controllers.Contains("pids");

    public bool LimitsCpus => _controllers.Contains("cpu");

    /// <summary>1 or 2.</summary>
    public int Version { get; }

    /// <summary>The files to which a process writes 0 to become a member.</summary>
    /// <remarks>Version 1 also moves single threads. A thread that moves itself needs no lock on the forks of the whole machine, for which
    /// a process waits more than 10 ms when the machine is quiet (<c>cgroup_procs_write_start</c> in the kernel).</remarks>
    public IEnumerable<string> MembershipFiles => _folders.Select(f => Path.Combine(f, Version == 2 ? "cgroup.procs" : "tasks"));

    /// <summary>Makes a group with those of the limits that can be kept here, which may be no limit at all.</summary>
    /// <param name="memory">Bytes.</param>
    /// <param name="processes">Processes and threads.</param>
    /// <param name="cpus">Cores, or null for no limit.</param>
    /// <param name="root">Where the hierarchies are mounted.</param>
    /// <param name="membership">What <c>/proc/self/cgroup</c> says.</param>
    public static ControlGroup Create(
        long memory, int processes, double? cpus, string root = "/sys/fs/cgroup", string membership = "/proc/self/cgroup")
    {
        ControlGroup group = new(File.Exists(Path.Combine(root, "cgroup.controllers")) ? 2 : 1);
        string name = $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():n}";
        Dictionary<string, string> own = Own(membership);
        long quota = (long)Math.Max(1000, (cpus ?? 0) * Period);
        if (group.Version == 2)
        {
            // A group with processes of its own cannot hand controllers down, so the place is one of our ancestors.
            for (string at = own.GetValueOrDefault("", "/"); ; at = Parent(at))
            {
                string parent = root + at.TrimEnd('/');
                string[] given = ReadWords(Path.Combine(parent, "cgroup.subtree_control"));
                bool limitsCpus = cpus is not null && given.Contains("cpu");
                if (given.Contains("memory") && given.Contains("pids") && group.TryMake(
                    parent,
                    name,
                    limitsCpus ? ["memory", "pids", "cpu"] : ["memory", "pids"],
                    [
                        ("memory.max", $"{memory}"), ("memory.swap.max", "0"), ("pids.max", $"{processes}"),
                        .. limitsCpus ? new[] { ("cpu.max", $"{quota} {Period}") } : [],
                    ]))
                {
                    break;
                }

                if (at is "/" or "")
                {
                    break;
                }
            }
        }
        else
        {
            TryMake("memory", ("memory.limit_in_bytes", $"{memory}"), ("memory.memsw.limit_in_bytes", $"{memory}"));
            TryMake("pids", ("pids.max", $"{processes}"));
            if (cpus is not null)
            {
                TryMake("cpu", ("cpu.cfs_period_us", $"{Period}"), ("cpu.cfs_quota_us", $"{quota}"));
            }
        }

        group._kills = group.Kills();
        return group;

        void TryMake(string controller, params (string, string)[] limits)
        {
            string mount = Path.Combine(root, controller);
            string parent = mount + own.GetValueOrDefault(controller, "/").TrimEnd('/');

            // In a container the path may be the host's, which is not mounted here.
            group.TryMake(Directory.Exists(parent) ? parent : mount, name, [controller], limits);
        }
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

    private bool TryMake(string parent, string name, string[] controllers, (string File, string Value)[] limits)
    {
        if (!Directory.Exists(parent))
        {
            return false;
        }

        string folder = Path.Combine(parent, name);
        try
        {
            Sweep(parent);
            Directory.CreateDirectory(folder);
            foreach ((string file, string value) in limits)
            {
                // Where swap is accounted for, it is limited, too: else a bomb fills the swap first.
                string path = Path.Combine(folder, file);
                if (file is not ("memory.swap.max" or "memory.memsw.limit_in_bytes") || File.Exists(path))
                {
                    File.WriteAllText(path, value);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(folder);
            return false;
        }

        _folders.Add(folder);
        _controllers.UnionWith(controllers);
        _memoryFolder = controllers.Contains("memory") ? folder : _memoryFolder;
        return true;
    }

    /// <summary>Removes the groups of processes that were killed before they could.</summary>
    private static void Sweep(string parent)
    {
        foreach (string folder in Directory.EnumerateDirectories(parent, Prefix + "*"))
        {
            // Others may have groups whose names begin so.
            string[] fields = Path.GetFileName(folder)[Prefix.Length..].Split('-');
            if (fields is [{ } id, { Length: 32 }] && id.All(char.IsAsciiDigit) && id.Length > 0 && !Directory.Exists("/proc/" + id))
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
}
