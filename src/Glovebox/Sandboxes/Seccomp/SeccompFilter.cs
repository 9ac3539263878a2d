using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Glovebox.Sandboxes.Seccomp;

/// <summary>Makes the classic BPF program of seccomp(2) of the table of system calls.</summary>
/// <remarks>Every rule ends in a verdict; the accumulator holds the call's number whenever a rule begins.</remarks>
internal static class SeccompFilter
{
    private const uint Allow = 0x7fff0000;
    private const uint KillProcess = 0x80000000;
    private const uint Errno = 0x00050000;

    private const uint NumberOffset = 0;
    private const uint ArchitectureOffset = 4;

    /// <summary>Gives the program for a processor, or null where no program is known.</summary>
    /// <param name="architecture">The processor.</param>
    /// <param name="setIdOnly">Whether only the rules that keep set-id files away are in it.</param>
    public static byte[]? Build(Architecture architecture, bool setIdOnly = false)
    {
        IEnumerable<SystemCallRule> rules = SystemCallTable.Rules.Where(r => r.KeepsSetIdAway || !setIdOnly);
        return architecture switch
        {
            Architecture.X64 => Build(0xC000003E, rules, r => r.X64),
            Architecture.Arm64 => Build(0xC00000B7, rules, r => r.Arm64),
            _ => null,
        };
    }

    private static byte[] Build(uint audit, IEnumerable<SystemCallRule> rules, Func<SystemCallRule, int> numberOf)
    {
        Program program = new();
        program.Load(ArchitectureOffset);
        program.Jump(audit, ifEqual: 1, otherwise: 0);
        program.Return(KillProcess);
        program.Load(NumberOffset);

        // The x32 calls are the same calls under other numbers.
        program.IfAtLeast(0x40000000, Errno | SystemCallRule.NotPermitted);
        program.IfAtLeast(SystemCallTable.FirstUnknown, Errno | SystemCallRule.NotImplemented);
        foreach (SystemCallRule rule in rules.Where(r => numberOf(r) >= 0))
        {
            Program verdict = Verdict(rule);
            program.Jump((uint)numberOf(rule), ifEqual: 0, otherwise: verdict.Count);
            program.Append(verdict);
        }

        program.Return(Allow);
        return program.ToArray();
    }

    private static Program Verdict(SystemCallRule rule)
    {
        Program program = new();
        foreach (IReadOnlyList<ArgumentTest> tests in rule.AllowedWhen)
        {
            // From the last test to the first: each knows how far it is to the end of its list.
            Program all = new();
            all.Return(Allow);
            foreach (ArgumentTest test in tests.Reverse())
            {
                Program one = new();
                one.Load(16 + (8 * (uint)test.Argument));
                if (test.Mask != uint.MaxValue)
                {
                    one.And(test.Mask);
                }

                one.Jump(test.Value, ifEqual: test.IsEqual ? 0 : all.Count, otherwise: test.IsEqual ? all.Count : 0);
                one.Append(all);
                all = one;
            }

            program.Append(all);
        }

        program.Return(Errno | rule.Error);
        return program;
    }

    /// <summary>Instructions of classic BPF.</summary>
    private sealed class Program
    {
        private readonly List<(ushort Code, byte True, byte False, uint Value)> _instructions = [];

        public int Count => _instructions.Count;

        public void Load(uint offset) => _instructions.Add((0x20, 0, 0, offset));

        public void And(uint mask) => _instructions.Add((0x54, 0, 0, mask));

        public void Return(uint verdict) => _instructions.Add((0x06, 0, 0, verdict));

        /// <summary>Jumps over some instructions when the accumulator is a value, over others when it is not.</summary>
        public void Jump(uint value, int ifEqual, int otherwise) =>
            _instructions.Add((0x15, checked((byte)ifEqual), checked((byte)otherwise), value));

        public void IfAtLeast(uint value, uint verdict)
        {
            _instructions.Add((0x35, 0, 1, value));
            Return(verdict);
        }

        public void Append(Program other) => _instructions.AddRange(other._instructions);

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
    }
}
