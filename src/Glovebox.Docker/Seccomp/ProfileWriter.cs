using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Glovebox.Sandboxes.Seccomp;

namespace Glovebox.Docker.Seccomp;

/// <summary>Writes our profile of system calls as engines take it.</summary>
/// <remarks>What is not allowed is not permitted. Rules that allow a call with some arguments stand beside each other, and one of them is
/// enough. Of calls that are newer than all in the profile, engines say that they are not implemented.</remarks>
internal static class ProfileWriter
{
    private const string Allow = "SCMP_ACT_ALLOW";
    private const string Errno = "SCMP_ACT_ERRNO";

    /// <summary>Gives the profile, or null for a processor of which the table knows nothing.</summary>
    /// <param name="architecture">The engine's processor. Programs of its other instruction sets do not run.</param>
    /// <param name="allowsSetId">Whether files with set-user-id and set-group-id bits can be made.</param>
    public static string? Write(Architecture architecture, bool allowsSetId)
    {
        string? name = architecture switch
        {
            Architecture.X64 => "SCMP_ARCH_X86_64",
            Architecture.Arm64 => "SCMP_ARCH_AARCH64",
            _ => null,
        };
        if (name is null)
        {
            return null;
        }

        SystemCallRule[] tested = [.. SystemCallTable.Rules.Where(
            r => r.AllowedWhen.Count > 0 && !r.IsForProgramOnly && !(
                allowsSetId && r.KeepsSetIdAway) && AllowedCalls.Names.Contains(r.Name))];
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("defaultAction", Errno);
            json.WriteNumber("defaultErrnoRet", SystemCallRule.NotPermitted);
            json.WriteStartArray("architectures");
            json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteStartArray("syscalls");
            WriteRule(json, AllowedCalls.Names.Except(tested.Select(r => r.Name)), []);
            foreach (SystemCallRule rule in tested)
            {
                foreach (IReadOnlyList<ArgumentTest> tests in rule.AllowedWhen)
                {
                    WriteRule(json, [rule.Name], tests);
                }
            }

            foreach (uint personality in AllowedCalls.Personalities)
            {
                WriteRule(json, ["personality"], [new ArgumentTest(0, uint.MaxValue, personality)]);
            }

            WriteRule(
                json,
                SystemCallTable.Rules.Where(r => r.Error == SystemCallRule.NotImplemented).Select(r => r.Name),
                [],
                SystemCallRule.NotImplemented);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteRule(Utf8JsonWriter json, IEnumerable<string> names, IReadOnlyList<ArgumentTest> tests, uint? error = null)
    {
        json.WriteStartObject();
        json.WriteStartArray("names");
        foreach (string name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteString("action", error is null ? Allow : Errno);
        if (error is { } number)
        {
            json.WriteNumber("errnoRet", number);
        }

        json.WriteStartArray("args");
        foreach (ArgumentTest test in tests)
        {
            json.WriteStartObject();
            json.WriteNumber("index", test.Argument);
            json.WriteString("op", "SCMP_CMP_MASKED_EQ");
            json.WriteNumber("value", test.Mask);
            json.WriteNumber("valueTwo", test.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
