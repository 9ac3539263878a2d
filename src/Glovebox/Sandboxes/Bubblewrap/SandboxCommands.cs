using System.Globalization;
using System.Text;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>How a sandbox is started.</summary>
/// <param name="Arguments">The arguments of <see cref="SandboxCommands.Shell"/>, its own name first.</param>
/// <param name="Mounts">What is mounted for the sandbox alone, or null.</param>
internal sealed record SandboxCommand(IReadOnlyList<string> Arguments, PrivateMounts? Mounts);

/// <summary>Makes the commands that start one sandbox: a shell that joins the control groups, sheds root where it must, and becomes
/// bwrap.</summary>
internal sealed class SandboxCommands(
    BubblewrapProgram bwrap,
    SandboxRequest request,
    BubblewrapHome home,
    BubblewrapPlace place,
    EtcFolder etc,
    IReadOnlyList<string> readOnlyPaths,
    BubblewrapInternals internals)
{
    public const string Shell = "/bin/sh";

    /// <summary>The exit code of the shell when a control group took no members.</summary>
    public const int ControlGroupRefused = 95;

    /// <summary>The descriptor under which bwrap finds the seccomp program.</summary>
    private const int SeccompDescriptor = 9;

    /// <summary>The calls' folder holds one socket.</summary>
    private const long CallsFolderSize = 64 << 10;

    /// <summary>Whether a filter of system calls is put on the sandbox.</summary>
    public bool HasSeccomp => internals.UsesSeccomp && home.Files.SeccompFile is not null;

    /// <summary>The command that becomes the guest agent.</summary>
    public SandboxCommand Agent(string python)
    {
        Dictionary<string, string> variables = Defaults();
        if (!internals.HidesAgent)
        {
            variables["GLOVEBOX_TEST_DUMPABLE"] = "1";
        }

        if (!internals.IsFirstProcess)
        {
            variables["GLOVEBOX_TEST_NOT_FIRST"] = "1";
        }

        if (!internals.HidesSpares)
        {
            variables["GLOVEBOX_TEST_VISIBLE_SPARES"] = "1";
        }

        if (internals.Shortcuts != Shortcuts.All)
        {
            variables["GLOVEBOX_TEST_SHORTCUTS"] = ((int)internals.Shortcuts).ToString(CultureInfo.InvariantCulture);
        }

        return Launch([python, BubblewrapArguments.AgentPath], variables, internals.IsFirstProcess);
    }

    /// <summary>A program that has a sandbox of its own.</summary>
    /// <param name="command">Its path, and its arguments.</param>
    /// <param name="installation">The folders that it may write in place of the work directory, if it installs packages.</param>
    public SandboxCommand Program(IReadOnlyList<string> command, BubblewrapInstallation? installation = null)
    {
        Dictionary<string, string> variables = installation is null
            ? Defaults()
            : GuestVariables.Defaults(installation.SharesNetwork, request.Variables);
        GuestVariables.CopyTo(request.Variables, variables);
        return Launch(command, variables, isFirstProcess: false, installation);
    }

    private Dictionary<string, string> Defaults()
    {
        Dictionary<string, string> variables = GuestVariables.Defaults(request.Policy.GuestHasNetwork, request.Variables);
        GuestVariables.CopyTo(
            ProgramSettings.Variables(BubblewrapArguments.SettingsFolder, request.Policy.ReachesNuGet), variables);
        return variables;
    }

    private SandboxCommand Launch(
        IReadOnlyList<string> command,
        Dictionary<string, string> variables,
        bool isFirstProcess,
        BubblewrapInstallation? installation = null)
    {
        bool sharesNetwork = installation?.SharesNetwork ?? request.Policy.Network == NetworkAccess.Full;
        SandboxFunctions? functions = installation is null ? home.Functions : null;
        variables.TryAdd("PATH", BubblewrapArguments.DefaultPath);
        List<string> arguments =
        [
            "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
            "--hostname", SandboxFiles.HostName, "--uid", Text(home.Inside.Uid), "--gid", Text(home.Inside.Gid),
            .. If(isFirstProcess, "--as-pid-1"),
            .. If(sharesNetwork, "--share-net"),
            .. If(HasSeccomp, "--seccomp", Text(SeccompDescriptor)),
            .. BubblewrapArguments.HostFiles(sharesNetwork, place.Reachable(etc.Path), etc.Mounts),
            .. Show(home.Files.PasswordFile, "/etc/passwd"),
            .. Show(home.Files.GroupFile, "/etc/group"),
            .. Show(sharesNetwork ? home.Files.HostsFile() : null, "/etc/hosts"),
            "--ro-bind", place.Reachable(home.Files.AgentFile), BubblewrapArguments.AgentPath,
            .. BubblewrapArguments.Folders(request.Memory / 16),
            .. readOnlyPaths.SelectMany(BubblewrapArguments.Show),
            .. (functions?.Folders ?? []).SelectMany(
                f => new[] { internals.SealsPackages ? "--ro-bind" : "--bind", place.Reachable(f.Host), f.Guest }),

            // What guest code can write comes last, so that nothing is mounted below it. Together it holds at most half of the memory, for
            // what is in it counts as memory and outlives the program.
            "--proc", "/proc",
            .. internals.SealsKernel ? BubblewrapArguments.SealKernelFiles() : [],
            "--dev", "/dev",
            "--size", Text(request.Memory / 8), "--tmpfs", "/dev/shm",

            // What bwrap mounts there has no size, and nothing of the guest's belongs in it.
            "--remount-ro", "/dev",
            "--size", Text(request.Memory / 8), "--tmpfs", "/home", "--dir", GuestVariables.Home,
            .. installation is null ? Writable() : Writable(installation),
            .. If(functions is { HasCalls: true }, "--size", Text(CallsFolderSize), "--tmpfs", BubblewrapArguments.CallsFolder),
            "--remount-ro", "/",
            .. variables.SelectMany(v => new[] { "--setenv", v.Key, v.Value }),
            "--chdir", BubblewrapArguments.WorkDirectory, "--",
            .. command,
        ];
        return new SandboxCommand([Shell, "-c", Script(installation), "glovebox", .. arguments], place.Mounts);
    }

    private string[] Writable() =>
    [
        "--perms", "1777", "--size", Text(request.Memory / 16 * 3), "--tmpfs", "/tmp",
        "--bind", place.Reachable(home.Work.Path), BubblewrapArguments.WorkDirectory,
        .. request.WorkDirectoryAliases.SelectMany(alias => new[] { "--bind", place.Reachable(home.Work.Path), alias }),
    ];

    /// <summary>pip needs more room than memory has, and nothing of the user's.</summary>
    private string[] Writable(BubblewrapInstallation installation) =>
    [
        "--bind", place.Reachable(installation.Scratch), "/tmp",
        "--bind", place.Reachable(installation.Packages), installation.Target,
        "--dir", BubblewrapArguments.WorkDirectory,
    ];

    /// <summary>Makes the shell's script.</summary>
    private string Script(BubblewrapInstallation? installation)
    {
        // No core dumps: they would land in the user's directory, or with the host's crash handler. When the host's memory is short,
        // sandboxes go before its own programs; where we are root with all capabilities, the kernel lets no guest go below this.
        StringBuilder script = new(
            """
            ulimit -c 0
            { read score </proc/self/oom_score_adj && [ "$score" -lt 500 ] && echo 500 >/proc/self/oom_score_adj; } 2>/dev/null

            """);
        foreach (string file in place.Group?.MembershipFiles ?? [])
        {
            script.Append(CultureInfo.InvariantCulture, $"echo 0 2>/dev/null >{Quote(file)} || exit {ControlGroupRefused}\n");
        }

        if (HasSeccomp)
        {
            script.Append(CultureInfo.InvariantCulture, $"exec {SeccompDescriptor}<{Quote(place.Reachable(home.Files.SeccompFile!))}\n");
        }

        if (installation is not null)
        {
            // Other users read what this one installs.
            script.Append("umask 022\n");
        }

        GuestUser user = installation?.User ?? home.User;
        script.Append("exec ");
        if (user.MustSwitch)
        {
            script.Append(CultureInfo.InvariantCulture, $"setpriv --reuid {user.Uid} --regid {user.Gid} --clear-groups -- ");
        }

        return script.Append(Quote(bwrap.Path)).Append(" \"$@\"\n").ToString();
    }

    private string[] Show(string? file, string shown) => file is null ? [] : ["--ro-bind", place.Reachable(file), shown];

    private static string[] If(bool condition, params string[] arguments) => condition ? arguments : [];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
