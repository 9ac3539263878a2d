namespace Glovebox.Sandboxes.Seccomp;

/// <summary>The system calls that guest code is refused: what no program here needs, and what has let code out of sandboxes
/// before.</summary>
/// <remarks>A call that is refused gets an error, not a signal, so that a program that merely tries goes on.
/// <see cref="SeccompFilter"/> makes a program for the kernel of it, the Docker executors a profile for an engine.</remarks>
internal static class SystemCallTable
{
    /// <summary>The first number of which the table knows nothing. From there on calls are not implemented: Linux 6.18 ends at
    /// 469.</summary>
    public const uint FirstUnknown = 470;

    private const uint CloneNewNamespaces = 0x7E020000;
    private const uint SetIdBits = 0xC00; // S_ISUID, S_ISGID

    /// <summary>O_CREAT and the bit that O_TMPFILE has for itself. Without them, the mode is whatever happens to be there.</summary>
    private const uint Creates = 0x400040;

    /// <summary>The rules. The first are those of the calls that programs make most, and the kernel asks about at each.</summary>
    public static IReadOnlyList<SystemCallRule> Rules { get; } =
    [
        // Files with set-user-id or set-group-id bits: outside, a program would run as the work directory's owner. The mode of
        // openat2 is in memory, where no filter sees it; C libraries take "not implemented" for an answer.
        Open("openat", 257, 56, flags: 2, mode: 3), Open("open", 2, -1, flags: 1, mode: 2),
        new("openat2", 437, 437, SystemCallRule.NotImplemented) { KeepsSetIdAway = true },
        Mode("creat", 85, -1, 1), Mode("chmod", 90, -1, 1), Mode("fchmod", 91, 52, 1), Mode("fchmodat", 268, 53, 2), Mode(
            "fchmodat2", 452, 452, 2),
        Mode("mkdir", 83, -1, 1), Mode("mkdirat", 258, 34, 2), Mode("mknod", 133, -1, 1), Mode("mknodat", 259, 33, 2),

        // ioctl: typing into a terminal (TIOCSTI, TIOCLINUX), and another of the kernel's drivers for a terminal (TIOCSETD).
        new("ioctl", 16, 29) { AllowedWhen = [[IsNot(1, 0x5412), IsNot(1, 0x541C), IsNot(1, 0x5423)]] },

        // New namespaces. The arguments of clone3 are in memory, too; C libraries use clone instead.
        new("clone", 56, 220) { AllowedWhen = [[HasNoBit(0, CloneNewNamespaces)]] },
        new("clone3", 435, 435, SystemCallRule.NotImplemented), new("unshare", 272, 97), new("setns", 308, 268),

        // The families that programs use (AF_UNIX, AF_INET, AF_INET6, AF_NETLINK), and no AF_VSOCK, AF_PACKET, AF_ALG or another of the
        // many with a history.
        new("socket", 41, 198, SystemCallRule.NoAddressFamily) { AllowedWhen = [[Is(0, 1)], [Is(0, 2)], [Is(0, 10)], [Is(0, 16)]] },

        // A way around filters like this one, set-id bits included.
        new("io_uring_setup", 425, 425) { KeepsSetIdAway = true },
        new("io_uring_enter", 426, 426) { KeepsSetIdAway = true },
        new("io_uring_register", 427, 427) { KeepsSetIdAway = true },

        // The older asynchronous calls: their number is limited for the whole machine, and a guest could take it all.
        new("io_setup", 206, 0, SystemCallRule.NotImplemented),

        // The kernel's keyring, which is not in a namespace.
        new("add_key", 248, 217), new("request_key", 249, 218), new("keyctl", 250, 219),

        new("bpf", 321, 280), new("perf_event_open", 298, 241), new("userfaultfd", 323, 282), new("fanotify_init", 300, 262),
        new("syslog", 103, 116), new("lookup_dcookie", 212, 18),

        new("mount", 165, 40), new("umount2", 166, 39), new("pivot_root", 155, 41), new("chroot", 161, 51),
        new("open_tree", 428, 428), new(
            "move_mount", 429, 429), new("fsopen", 430, 430), new("fsconfig", 431, 431), new("fsmount", 432, 432),
        new("fspick", 433, 433), new("mount_setattr", 442, 442), new("open_tree_attr", 467, 467),

        // Other processes.
        new("ptrace", 101, 117), new("process_vm_readv", 310, 270), new("process_vm_writev", 311, 271), new("kcmp", 312, 272),
        new("pidfd_getfd", 438, 438), new("process_madvise", 440, 440), new("process_mrelease", 448, 448), new("move_pages", 279, 239),
        new("migrate_pages", 256, 238),

        // The machine: kexec, modules, reboot, swap, accounting, quotas, clocks, ports, handles.
        new("kexec_load", 246, 104), new("kexec_file_load", 320, 294), new("init_module", 175, 105), new("finit_module", 313, 273),
        new("delete_module", 176, 106), new("reboot", 169, 142), new("swapon", 167, 224), new("swapoff", 168, 225), new("acct", 163, 89),
        new("quotactl", 179, 60), new("quotactl_fd", 443, 443), new("settimeofday", 164, 170), new("clock_settime", 227, 112),
        new("adjtimex", 159, 171), new("clock_adjtime", 305, 266), new("iopl", 172, -1), new("ioperm", 173, -1), new("modify_ldt", 154, -1),
        new("vhangup", 153, 58), new("name_to_handle_at", 303, 264), new("open_by_handle_at", 304, 265),

        // Limits, priorities and processors of one process at a time that is not the guest agent. The kernel lets a process change those
        // of its own uid, as it could by setrlimit inside them, and the agent, the first process, has the guest's uid. It has one
        // thread, so that its id is its only name.
        NotOfAgent("prlimit64", 302, 261),
        new("setpriority", 141, 140) { AllowedWhen = [[Is(0, 0), IsNot(1, 1)]] },
        new("ioprio_set", 251, 30) { AllowedWhen = [[Is(0, 1), IsNot(1, 1)]] },
        NotOfAgent("sched_setaffinity", 203, 122), NotOfAgent("sched_setparam", 142, 118), NotOfAgent("sched_setscheduler", 144, 119),
        NotOfAgent("sched_setattr", 314, 274),
    ];

    private static SystemCallRule Mode(string name, int x64, int arm64, int mode) =>
        new(name, x64, arm64) { AllowedWhen = [[HasNoBit(mode, SetIdBits)]], KeepsSetIdAway = true };

    private static SystemCallRule Open(string name, int x64, int arm64, int flags, int mode) =>
        new(name, x64, arm64) { AllowedWhen = [[HasNoBit(flags, Creates)], [HasNoBit(mode, SetIdBits)]], KeepsSetIdAway = true };

    private static SystemCallRule NotOfAgent(string name, int x64, int arm64) => new(name, x64, arm64) { AllowedWhen = [[IsNot(0, 1)]] };

    private static ArgumentTest Is(int argument, uint value) => new(argument, uint.MaxValue, value);

    private static ArgumentTest IsNot(int argument, uint value) => new(argument, uint.MaxValue, value, IsEqual: false);

    private static ArgumentTest HasNoBit(int argument, uint bits) => new(argument, bits, 0);
}
