namespace Glovebox.Docker.Containers;

/// <summary>What a guest that is the machine's root must not see of the kernel: without any capability, root still owns these files.
/// The files' modes keep every other user out.</summary>
internal static class HiddenPaths
{
    /// <summary>What engines hide from everybody. Our list takes the place of theirs.</summary>
    private static readonly string[] Engines =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
    ];

    /// <summary>The machine's memory, page by page and slab by slab, and switches of the kernel that ask for no capability.</summary>
    private static readonly string[] Roots =
    [
        "/proc/allocinfo", "/proc/dynamic_debug", "/proc/kpagecgroup", "/proc/kpagecount", "/proc/kpageflags", "/proc/lock_stat",
        "/proc/mtrr", "/proc/pagetypeinfo", "/proc/profile", "/proc/slabinfo", "/proc/tty/driver", "/proc/vmallocinfo", "/proc/vmcore",
    ];

    /// <summary>The hardware and the kernel's modules. <c>/sys/fs</c> stays: programs look for their limits there.</summary>
    private static readonly string[] Hardware =
    [
        "/sys/block", "/sys/bus", "/sys/class", "/sys/dev", "/sys/devices", "/sys/hypervisor", "/sys/kernel", "/sys/module", "/sys/power",
    ];

    /// <summary>The paths to hide. Programs that use a device look for it below <c>/sys</c>.</summary>
    public static IReadOnlyList<string> Of(ContainerDefinition spec) =>
        [.. Engines, .. Roots, .. spec.Options.DeviceRequests.Count == 0 ? Hardware : []];
}
