using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Docker.Containers;

/// <summary>Names the owner of a container or a volume in a label, so that what a dead process left can be told from what is in
/// use.</summary>
internal sealed class ContainerOwner : IDisposable
{
    private static readonly ConcurrentDictionary<string, byte> Living = new(StringComparer.Ordinal);
    private static readonly Lazy<string> ThisMachine = new(Machine);

    private readonly string _executor = Guid.NewGuid().ToString("n");

    public ContainerOwner() => Living[_executor] = 0;

    /// <summary>The label's value: machine, process, when it started, executor.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{ThisMachine.Value}/{Environment.ProcessId}/{StartOf(Environment.ProcessId)}/{_executor}");

    public void Dispose() => Living.TryRemove(_executor, out _);

    /// <summary>Whether the owner that a label names lives; null when that cannot be known here.</summary>
    public static bool? IsAlive(string label)
    {
        if (label.Split('/') is not [var machine, var id, var start, var executor]
            || machine != ThisMachine.Value
            || !int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int process))
        {
            return null;
        }

        return process == Environment.ProcessId ? Living.ContainsKey(executor) : start.Length > 0 && StartOf(process) == start;
    }

    /// <summary>When a process started, in whatever unit; empty when there is none. Numbers of processes are used again, so the number does
    /// not say enough.</summary>
    private static string StartOf(int process)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // The command's name, in parentheses, may hold anything. The start is the 22nd field, the 20th after it.
                string status = File.ReadAllText($"/proc/{process}/stat");
                return status[(status.LastIndexOf(')') + 2)..].Split(' ')[19];
            }

            using Process found = Process.GetProcessById(process);
            return found.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException or Win32Exception)
        {
            return "";
        }
    }

    /// <summary>Two that say the same see the same processes: the machine, since it was started, and the PID namespace.</summary>
    private static string Machine()
    {
        string name = Environment.MachineName.Replace('/', '-');
        if (!OperatingSystem.IsLinux())
        {
            return name;
        }

        try
        {
            string boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            return $"{name}:{boot}:{PidNamespace.Id}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return name;
        }
    }
}
