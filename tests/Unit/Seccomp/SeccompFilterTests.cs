using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Glovebox.Sandboxes.Seccomp;

namespace Glovebox.Tests.Unit.Seccomp;

/// <summary>The program that is made of the table, run by an interpreter of ours for both processors.</summary>
public sealed class SeccompFilterTests
{
    private const uint Allow = 0x7fff0000;
    private const uint Killed = 0x80000000;
    private const uint Errno = 0x00050000;
    private const uint SetId = 0xC00;

    public static TheoryData<Architecture> Architectures => [Architecture.X64, Architecture.Arm64];

    private static int NumberOf(string name, Architecture architecture) =>
        SystemCallTable.Rules.Where(r => r.Name == name).Select(r => architecture == Architecture.X64 ? r.X64 : r.Arm64).Single();

    /// <summary>What the kernel would answer.</summary>
    private static uint Run(Architecture architecture, uint number, ulong[]? arguments = null, bool setIdOnly = false, uint? audit = null)
    {
        byte[] program = SeccompFilter.Build(architecture, setIdOnly)!;
        byte[] data = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(data, number);
        BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(4), audit ?? (architecture == Architecture.X64 ? 0xC000003E : 0xC00000B7));
        for (int i = 0; i < (arguments?.Length ?? 0); i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(16 + (8 * i)), arguments![i]);
        }

        uint accumulator = 0;
        for (int at = 0; ; at++)
        {
            ReadOnlySpan<byte> instruction = program.AsSpan(at * 8, 8);
            uint value = BinaryPrimitives.ReadUInt32LittleEndian(instruction[4..]);
            switch (BinaryPrimitives.ReadUInt16LittleEndian(instruction))
            {
                case 0x20:
                    accumulator = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan((int)value));
                    break;
                case 0x54:
                    accumulator &= value;
                    break;
                case 0x15:
                    at += accumulator == value ? instruction[2] : instruction[3];
                    break;
                case 0x35:
                    at += accumulator >= value ? instruction[2] : instruction[3];
                    break;
                case 0x06:
                    return value;
                default:
                    Assert.Fail($"An instruction of code {instruction[0]:x} at {at}.");
                    break;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void It_is_small_and_ends_in_a_verdict(Architecture architecture)
    {
        byte[] program = SeccompFilter.Build(architecture)!;
        Assert.InRange(program.Length / 8, 100, 400);
        Assert.Equal(0x06, BinaryPrimitives.ReadUInt16LittleEndian(program.AsSpan(program.Length - 8)));
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Every_rule_refuses_with_its_error_and_what_is_in_no_rule_is_allowed(Architecture architecture)
    {
        HashSet<int> ruled = [];
        foreach (SystemCallRule rule in SystemCallTable.Rules)
        {
            int number = architecture == Architecture.X64 ? rule.X64 : rule.Arm64;
            if (number >= 0)
            {
                Assert.True(ruled.Add(number), $"{rule.Name} has the number of another call.");
                ulong[] refused = [.. Enumerable.Repeat((ulong)uint.MaxValue, 6)];
                if (rule.Name is "ioctl")
                {
                    refused[1] = 0x5412;
                }
                else if (rule.AllowedWhen.Any(all => all.Any(t => t is { Argument: 0, IsEqual: false })))
                {
                    refused[0] = 1;
                }

                Assert.Equal((rule.Name, Errno | rule.Error), (rule.Name, Run(architecture, (uint)number, refused)));
            }
        }

        foreach (int number in Enumerable.Range(0, (int)SystemCallTable.FirstUnknown).Except(ruled))
        {
            Assert.Equal(Allow, Run(architecture, (uint)number, [.. Enumerable.Repeat((ulong)uint.MaxValue, 6)]));
        }

        Assert.Equal(SystemCallTable.Rules.Count, SystemCallTable.Rules.Select(r => r.Name).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Calls_of_other_architectures_and_unknown_ones_are_refused(Architecture architecture)
    {
        uint other = architecture == Architecture.X64 ? 0xC00000B7 : 0xC000003E;
        Assert.Equal(Killed, Run(architecture, 0, audit: other));
        Assert.Equal(Killed, Run(architecture, 0, audit: 0x40000003 /* i386 */));
        Assert.Equal(Errno | 1, Run(architecture, 0x40000000 | 1));
        Assert.Equal(Errno | 38, Run(architecture, 470));
        Assert.Equal(Errno | 38, Run(architecture, 1000));
        Assert.Equal(Allow, Run(architecture, 469));
    }

    [Theory]
    [InlineData("chmod", 1)]
    [InlineData("fchmod", 1)]
    [InlineData("fchmodat", 2)]
    [InlineData("fchmodat2", 2)]
    [InlineData("mkdir", 1)]
    [InlineData("mkdirat", 2)]
    [InlineData("mknod", 1)]
    [InlineData("mknodat", 2)]
    [InlineData("creat", 1)]
    public void A_mode_may_have_all_bits_but_the_set_id_bits(string name, int mode)
    {
        foreach (Architecture architecture in new[] { Architecture.X64, Architecture.Arm64 }.Where(a => NumberOf(name, a) >= 0))
        {
            foreach (bool setIdOnly in new[] { false, true })
            {
                uint Answer(ulong value)
                {
                    // All the other arguments are what a mode may not be.
                    ulong[] arguments = [.. Enumerable.Repeat((ulong)SetId, 6)];
                    arguments[mode] = value;
                    return Run(architecture, (uint)NumberOf(name, architecture), arguments, setIdOnly);
                }

                Assert.Equal(Allow, Answer(ulong.MaxValue & ~(ulong)SetId));
                Assert.Equal((Errno | 1, Errno | 1, Errno | 1), (Answer(0x800), Answer(0x400), Answer(SetId | (0x77UL << 32))));
            }
        }
    }

    [Theory]
    [InlineData("open", 1)]
    [InlineData("openat", 2)]
    public void A_mode_counts_only_for_a_file_that_is_made(string name, int flags)
    {
        foreach (Architecture architecture in new[] { Architecture.X64, Architecture.Arm64 }.Where(a => NumberOf(name, a) >= 0))
        {
            uint Answer(ulong value, ulong mode)
            {
                ulong[] arguments = [.. Enumerable.Repeat(ulong.MaxValue, 6)];
                (arguments[flags], arguments[flags + 1]) = (value, mode);
                return Run(architecture, (uint)NumberOf(name, architecture), arguments);
            }

            const ulong create = 0x40, temporary = 0x400000;
            Assert.Equal(Allow, Answer(ulong.MaxValue & ~(create | temporary), ulong.MaxValue));
            Assert.Equal((Allow, Allow), (Answer(create, 0x3FF), Answer(temporary, 0x3FF)));
            Assert.Equal((Errno | 1, Errno | 1, Errno | 1), (Answer(create, 0x800), Answer(temporary, 0x400), Answer(ulong.MaxValue, SetId)));
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void The_other_tests_of_arguments_hold(Architecture architecture)
    {
        uint Answer(string name, params ulong[] arguments) => Run(architecture, (uint)NumberOf(name, architecture), arguments);
        Assert.Equal([Allow, Allow, Allow, Allow], new ulong[] { 1, 2, 10, 16 }.Select(f => Answer("socket", f)));
        Assert.Equal([Errno | 97, Errno | 97, Errno | 97], new ulong[] { 17, 38, 40 }.Select(f => Answer("socket", f)));
        Assert.Equal((Allow, Errno | 1), (Answer("clone", 0x01200011), Answer("clone", 0x10000000)));
        Assert.Equal((Allow, Errno | 1, Errno | 1), (Answer("ioctl", 0, 0x5413), Answer("ioctl", 0, 0x7700005412), Answer("ioctl", 0, 0x541C)));
        Assert.Equal((Allow, Allow, Errno | 1, Errno | 1), (Answer("prlimit64", 0), Answer("prlimit64", 7), Answer("prlimit64", 1), Answer("prlimit64", (7UL << 32) | 1)));
        Assert.Equal((Allow, Errno | 1, Errno | 1), (Answer("setpriority", 0, 7), Answer("setpriority", 0, 1), Answer("setpriority", 2, 7)));
        Assert.Equal((Allow, Errno | 1, Errno | 1), (Answer("ioprio_set", 1, 7), Answer("ioprio_set", 1, 1), Answer("ioprio_set", 2, 7)));
        Assert.Equal((Allow, Errno | 1), (Answer("sched_setaffinity", 0), Answer("sched_setaffinity", 1)));
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void The_small_program_refuses_what_makes_set_id_files_and_nothing_else(Architecture architecture)
    {
        Assert.Equal(Errno | 1, Run(architecture, 425, setIdOnly: true));
        Assert.Equal(Errno | 38, Run(architecture, 437, setIdOnly: true));
        Assert.Equal(Allow, Run(architecture, (uint)NumberOf("ptrace", architecture), setIdOnly: true));
        Assert.Equal(Allow, Run(architecture, 435, setIdOnly: true));
        Assert.True(SeccompFilter.Build(architecture, setIdOnly: true)!.Length < SeccompFilter.Build(architecture)!.Length / 2);
    }

    [Fact]
    public void For_another_processor_there_is_none() => Assert.Null(SeccompFilter.Build(Architecture.S390x));
}
