using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Glovebox.Sandboxes.Seccomp;

namespace Glovebox.Docker.Seccomp;

/// <summary>Writes our profile of system calls as engines take it.</summary>
/// <remarks>What is not allowed is not permitted. Rules that allow a call with some arguments stand beside each other, and one of them is
/// enough. Of calls that are newer than all in the profile, engines say that they are not implemented.</remarks>
internal static class ProfileWriter
{
    private const string Allow = "SCMP_ACT_ALLOW";
    private const string Errno = "SCMP_ACT_ERRNO";

    /// <summary>Gets the profile, or null for a processor of which the table knows nothing.</summary>
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
        JsonObject profile = new()
        {
            ["defaultAction"] = Errno,
            ["defaultErrnoRet"] = SystemCallRule.NotPermitted,
            ["architectures"] = new JsonArray(name),
            ["syscalls"] = new JsonArray(
            [
                Rule(AllowedCalls.Names.Except(tested.Select(r => r.Name)), []),
                .. tested.SelectMany(rule => rule.AllowedWhen.Select(tests => Rule([rule.Name], tests))),
                .. AllowedCalls.Personalities.Select(p => Rule(["personality"], [new ArgumentTest(0, uint.MaxValue, p)])),
                Rule(
                    SystemCallTable.Rules.Where(r => r.Error == SystemCallRule.NotImplemented).Select(r => r.Name),
                    [],
                    SystemCallRule.NotImplemented),
            ]),
        };
        return profile.ToJsonString();
    }

    private static JsonObject Rule(IEnumerable<string> names, IReadOnlyList<ArgumentTest> tests, uint? error = null)
    {
        JsonObject rule = new()
        {
            ["names"] = new JsonArray([.. names.Select(n => JsonValue.Create(n))]),
            ["action"] = error is null ? Allow : Errno,
            ["args"] = new JsonArray([.. tests.Select(test => new JsonObject
            {
                ["index"] = test.Argument,
                ["op"] = "SCMP_CMP_MASKED_EQ",
                ["value"] = test.Mask,
                ["valueTwo"] = test.Value,
            })]),
        };
        if (error is { } number)
        {
            rule["errnoRet"] = number;
        }

        return rule;
    }
}
