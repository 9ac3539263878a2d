using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Glovebox.Environments.Bubblewrap;

/// <summary>The system calls that the sandbox refuses: what no program here needs, and what has let code out of sandboxes before.</summary>
/// <remarks>The classic BPF program of seccomp(2). A call that is refused gets an error, not a signal, so that a program that merely tries
/// goes on. Every rule ends in a verdict; the accumulator holds the call's number whenever a rule begins.</remarks>
internal static class SeccompFilter
{
    private const uint Allow = 0x7fff0000;
    private const uint KillProcess = 0x80000000;
    private const uint Permission = 0x00050000 | 1;
    private const uint NotImplemented = 0x00050000 | 38;
    private const uint NoAddressFamily = 0x00050000 | 97;

    private const uint NumberOffset = 0;
    private const uint ArchitectureOffset = 4;

    private const uint CloneNewNamespaces = 0x7E020000;

    /// <summary>Gives the program for a processor, or null where none is known.</summary>
    public static byte[]? Build(Architecture architecture) => architecture switch
    {
        Architecture.X64 => Build(0xC000003E, 0),
        Architecture.Arm64 => Build(0xC00000B7, 1),
        _ => null,
    };

    private static byte[] Build(uint audit, int column)
    {
        Program program = new();
        program.Load(ArchitectureOffset);
        program.UnlessEqual(audit, KillProcess);
        program.Load(NumberOffset);

        // The x32 calls are the same calls under other numbers.
        program.IfAtLeast(0x40000000, Permission);
        foreach (Call call in Calls)
        {
            int number = column == 0 ? call.X64 : call.Arm64;
            if (number >= 0)
            {
                program.Rule((uint)number, call.Verdict);
            }
        }

        program.Return(Allow);
        return program.ToArray();
    }

    private static Call Deny(int x64, int arm64) => new(x64, arm64, static p => p.Return(Permission));

    private static Call Deny(int both) => Deny(both, both);

    /// <summary>Refused when an argument is a value: process 1, say, the guest agent, which has the guest's uid.</summary>
    private static Call DenyWhen(int x64, int arm64, int argument, uint value) => new(x64, arm64, p =>
    {
        p.LoadArgument(argument);
        p.IfEqual(value, Permission);
        p.Return(Allow);
    });

    private static readonly Call[] Calls =
    [
        // io_uring: a way around filters like this one.
        Deny(425), Deny(426), Deny(427),

        // The kernel's keyring, which is not in a namespace: add_key, request_key, keyctl.
        Deny(248, 217), Deny(249, 218), Deny(250, 219),

        // bpf, perf_event_open, userfaultfd, fanotify_init, syslog, lookup_dcookie.
        Deny(321, 280), Deny(298, 241), Deny(323, 282), Deny(300, 262), Deny(103, 116), Deny(212, 18),

        // mount, umount2, pivot_root, chroot, and the newer family: open_tree, move_mount, fsopen, fsconfig, fsmount, fspick,
        // mount_setattr, open_tree_attr.
        Deny(165, 40), Deny(166, 39), Deny(155, 41), Deny(161, 51), Deny(428), Deny(429), Deny(430), Deny(431), Deny(432), Deny(433),
        Deny(442), Deny(467),

        // Other processes: ptrace, process_vm_readv, process_vm_writev, kcmp, pidfd_getfd, process_madvise, process_mrelease,
        // move_pages, migrate_pages.
        Deny(101, 117), Deny(310, 270), Deny(311, 271), Deny(312, 272), Deny(438), Deny(440), Deny(448), Deny(279, 239), Deny(256, 238),

        // New namespaces: unshare, setns, clone with flags for one. The arguments of clone3 are in memory, where no filter sees them;
        // C libraries take "not implemented" for an answer and use clone.
        Deny(272, 97), Deny(308, 268),
        new(435, 435, static p => p.Return(NotImplemented)),
        new(56, 220, static p =>
        {
            p.LoadArgument(0);
            p.IfAnyBit(CloneNewNamespaces, Permission);
            p.Return(Allow);
        }),

        // The machine: kexec, modules, reboot, swap, accounting, quotas, clocks, ports, ldt, vhangup, handles.
        Deny(246, 104), Deny(320, 294), Deny(175, 105), Deny(313, 273), Deny(176, 106), Deny(169, 142), Deny(167, 224), Deny(168, 225),
        Deny(163, 89), Deny(179, 60), Deny(443), Deny(164, 170), Deny(227, 112), Deny(159, 171), Deny(305, 266), Deny(172, -1), Deny(173, -1),
        Deny(154, -1), Deny(153, 58), Deny(303, 264), Deny(304, 265),

        // socket: the families that programs use, and no AF_VSOCK, AF_PACKET, AF_ALG or another of the many with a history.
        new(41, 198, static p =>
        {
            p.LoadArgument(0);
            p.IfEqual(1 /* AF_UNIX */, Allow);
            p.IfEqual(2 /* AF_INET */, Allow);
            p.IfEqual(10 /* AF_INET6 */, Allow);
            p.IfEqual(16 /* AF_NETLINK */, Allow);
            p.Return(NoAddressFamily);
        }),

        // ioctl: typing into a terminal (TIOCSTI, TIOCLINUX).
        new(16, 29, static p =>
        {
            p.LoadArgument(1);
            p.IfEqual(0x5412, Permission);
            p.IfEqual(0x541C, Permission);
            p.Return(Allow);
        }),

        // prlimit64 of another process.
        new(302, 261, static p =>
        {
            p.LoadArgument(0);
            p.IfEqual(0, Allow);
            p.Return(Permission);
        }),

        // setpriority and ioprio_set: one process at a time, and not the agent.
        new(141, 140, static p => OneProcess(p, kind: 0)),
        new(251, 30, static p => OneProcess(p, kind: 1)),

        // sched_setaffinity, sched_setparam, sched_setscheduler, sched_setattr of the agent.
        DenyWhen(203, 122, 0, 1), DenyWhen(142, 118, 0, 1), DenyWhen(144, 119, 0, 1), DenyWhen(314, 274, 0, 1),
    ];

    private static void OneProcess(Program program, uint kind)
    {
        program.LoadArgument(0);
        program.UnlessEqual(kind, Permission);
        program.LoadArgument(1);
        program.IfEqual(1, Permission);
        program.Return(Allow);
    }

    private sealed record Call(int X64, int Arm64, Action<Program> Verdict);

    /// <summary>Instructions of classic BPF.</summary>
    private sealed class Program
    {
        private readonly List<(ushort Code, byte True, byte False, uint Value)> _instructions = [];

        public void Load(uint offset) => _instructions.Add((0x20, 0, 0, offset));

        /// <summary>Loads the lower half of an argument, which is all that the kernel looks at where this is used.</summary>
        public void LoadArgument(int index) => Load(16 + (8 * (uint)index));

        public void Return(uint verdict) => _instructions.Add((0x06, 0, 0, verdict));

        public void IfEqual(uint value, uint verdict) => If(0x15, value, verdict);

        public void IfAtLeast(uint value, uint verdict) => If(0x35, value, verdict);

        public void IfAnyBit(uint bits, uint verdict) => If(0x45, bits, verdict);

        public void UnlessEqual(uint value, uint verdict)
        {
            _instructions.Add((0x15, 1, 0, value));
            Return(verdict);
        }

        /// <summary>What to do when the call's number is this one.</summary>
        public void Rule(uint number, Action<Program> verdict)
        {
            Program rule = new();
            verdict(rule);
            _instructions.Add((0x15, 0, (byte)rule._instructions.Count, number));
            _instructions.AddRange(rule._instructions);
        }

        public byte[] ToArray()
        {
            byte[] bytes = new byte[_instructions.Count * 8];
            for (int i = 0; i < _instructions.Count; i++)
            {
                Span<byte> at = bytes.AsSpan(i * 8);
                BinaryPrimitives.WriteUInt16LittleEndian(at, _instructions[i].Code);
                at[2] = _instructions[i].True;
                at[3] = _instructions[i].False;
                BinaryPrimitives.WriteUInt32LittleEndian(at[4..], _instructions[i].Value);
            }

            return bytes;
        }

        private void If(ushort code, uint value, uint verdict)
        {
            _instructions.Add((code, 0, 1, value));
            Return(verdict);
        }
    }
}
