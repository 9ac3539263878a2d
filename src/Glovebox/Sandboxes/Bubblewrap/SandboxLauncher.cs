using System.Globalization;
using System.Text;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>How a sandbox is started.</summary>
/// <param name="Arguments">Of the shell, its own name first.</param>
/// <param name="Mounts">What is mounted for it alone, or null.</param>
internal sealed record SandboxCommand(IReadOnlyList<string> Arguments, PrivateMounts? Mounts);

/// <summary>The command that starts a sandbox: a shell that joins the control groups, sheds root where it must, and becomes
/// bwrap.</summary>
internal static class SandboxLauncher
{
    public const string Shell = "/bin/sh";

    /// <summary>The exit code of the shell when a control group took no members.</summary>
    public const int ControlGroupRefused = 95;

    /// <summary>Makes the shell's arguments, its own name first.</summary>
    public static List<string> Arguments(
        BubblewrapProgram bwrap, GuestUser user, IEnumerable<string> membershipFiles, string? seccompFile, IReadOnlyList<string> bwrapArguments)
    {
        // No core dumps: they would land in the user's directory, or with the host's crash handler. When the host's memory is short,
        // sandboxes go before its own programs; where we are root with all capabilities, the kernel lets no guest go below this.
        StringBuilder script = new(
            """
            ulimit -c 0
            { read score </proc/self/oom_score_adj && [ "$score" -lt 500 ] && echo 500 >/proc/self/oom_score_adj; } 2>/dev/null

            """);
        foreach (string file in membershipFiles)
        {
            script.Append(CultureInfo.InvariantCulture, $"echo $$ 2>/dev/null >{Quote(file)} || exit {ControlGroupRefused}\n");
        }

        if (seccompFile is not null)
        {
            script.Append(CultureInfo.InvariantCulture, $"exec {BubblewrapArguments.SeccompDescriptor}<{Quote(seccompFile)}\n");
        }

        script.Append("exec ");
        if (user.MustSwitch)
        {
            script.Append(CultureInfo.InvariantCulture, $"setpriv --reuid {user.Uid} --regid {user.Gid} --clear-groups -- ");
        }

        script.Append(Quote(bwrap.Path)).Append(" \"$@\"\n");
        return [Shell, "-c", script.ToString(), "glovebox", .. bwrapArguments];
    }

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
