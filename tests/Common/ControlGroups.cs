using Glovebox.Sandboxes.Host;

namespace Glovebox.Tests.Common;

/// <summary>Whether control groups can be made here: as root, or in a delegated one.</summary>
internal static class ControlGroups
{
    private static readonly Lazy<(bool Memory, bool Processes, bool Cpus)> Made = new(() =>
    {
        using ControlGroup group = ControlGroup.Create(64 << 20, 64, 1);
        return (group.LimitsMemory, group.LimitsProcesses, group.LimitsCpus);
    });

    public static bool LimitMemory => Made.Value.Memory;

    public static bool LimitProcesses => Made.Value.Processes;

    public static bool LimitCpus => Made.Value.Cpus;

    /// <summary>The control groups that a process has made for its sandboxes.</summary>
    public static IReadOnlyList<string> Of(int processId) =>
    [
        .. Directory.EnumerateDirectories("/sys/fs/cgroup", $"glovebox-{processId}-*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }),
    ];
}
