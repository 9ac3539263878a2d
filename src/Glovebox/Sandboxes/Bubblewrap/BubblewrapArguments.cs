using System.Globalization;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The command line of <c>bwrap</c>.</summary>
internal static class BubblewrapArguments
{
    public const string WorkDirectory = "/workspace";
    public const string AgentPath = "/run/glovebox/agent.py";
    public const string FunctionsFolder = "/run/glovebox/functions";
    public const string CallsFolder = "/run/glovebox/calls";
    public const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The descriptor under which bwrap finds the seccomp program.</summary>
    public const int SeccompDescriptor = 9;

    /// <summary>It holds one socket.</summary>
    private const long CallsFolderSize = 64 << 10;

    /// <summary>What guest code can write, or what lies over what it can write: nothing else is mounted below.</summary>
    private static readonly string[] Reserved = ["/tmp", "/home", "/workspace", "/dev", "/proc", "/run/glovebox"];

    /// <summary>Files of /etc that programs need and that say nothing of the host's users or secrets.</summary>
    private static readonly string[] Configuration =
    [
        "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
        "/etc/ca-certificates", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted", "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/os-release",
        "/etc/fonts", "/etc/matplotlibrc", "/etc/inputrc", "/etc/terminfo", "/etc/nsswitch.conf", "/etc/protocols", "/etc/services", "/etc/dotnet",
    ];

    /// <summary>What of <c>/proc</c> belongs to the whole machine and has files that root can write. bwrap covers some of it, but not where
    /// the folder itself cannot be written, as <c>/proc/sys</c>: then its files still can.</summary>
    private static readonly string[] KernelFiles =
    [
        "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/pressure", "/proc/mtrr", "/proc/acpi", "/proc/scsi",
        "/proc/driver", "/proc/asound", "/proc/dynamic_debug",
    ];

    private static readonly string[] NetworkConfiguration = ["/etc/resolv.conf", "/etc/hosts", "/etc/gai.conf"];

    /// <summary>Checks a path that the caller wants in the sandbox.</summary>
    /// <exception cref="ArgumentException">Not absolute, or below a place that guest code can write.</exception>
    public static string Validate(string path)
    {
        if (string.IsNullOrEmpty(path) || path[0] != '/' || path.Contains('\0'))
        {
            throw new ArgumentException($"ReadOnlyPaths must hold absolute paths, not '{path}'.");
        }

        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (full == "/")
        {
            throw new ArgumentException("ReadOnlyPaths must not hold the whole file system ('/'): name what the code needs.");
        }

        // Bubblewrap follows links when it mounts; below a place that the guest can write, it could be led astray.
        if (Reserved.FirstOrDefault(r => full == r || full.StartsWith(r + "/", StringComparison.Ordinal)) is { } reserved)
        {
            throw new ArgumentException(
                $"ReadOnlyPaths must not hold '{path}': in the sandbox, {reserved} is the guest's own or the sandbox's.");
        }

        if (AgentPath.StartsWith(full + "/", StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"ReadOnlyPaths must not hold '{path}': it would hide what the sandbox has there. Name what the code needs.");
        }

        return full;
    }

    /// <summary>Makes the arguments, without the program's name.</summary>
    public static List<string> Build(BubblewrapLayout layout)
    {
        List<string> arguments =
        [
            "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
            "--hostname", "glovebox",
            "--uid", Text(layout.Inside.Uid), "--gid", Text(layout.Inside.Gid),
        ];
        if (layout.IsFirstProcess)
        {
            arguments.Add("--as-pid-1");
        }

        if (layout.SharesNetwork)
        {
            arguments.Add("--share-net");
        }

        if (layout.HasSeccomp)
        {
            arguments.AddRange(["--seccomp", Text(SeccompDescriptor)]);
        }

        AddSystem(arguments);
        foreach (string path in layout.SharesNetwork ? [.. Configuration, .. NetworkConfiguration] : Configuration)
        {
            arguments.AddRange(["--ro-bind-try", path, path]);
        }

        foreach (string folder in Directory.EnumerateDirectories("/etc", "python3*"))
        {
            arguments.AddRange(["--ro-bind-try", folder, folder]);
        }

        arguments.AddRange(["--ro-bind", layout.PasswordFile, "/etc/passwd", "--ro-bind", layout.GroupFile, "/etc/group"]);
        arguments.AddRange(["--ro-bind", layout.AgentFile, AgentPath]);
        foreach (string path in layout.ReadOnlyPaths)
        {
            arguments.AddRange(["--ro-bind", path, path]);
        }

        foreach ((string host, string guest) in layout.FunctionFolders)
        {
            arguments.AddRange(["--ro-bind", host, guest]);
        }

        // What guest code can write comes last, so that nothing is mounted below it. Together it holds at most half of the memory, for
        // what is in it counts as memory and outlives the program.
        arguments.AddRange(["--proc", "/proc"]);
        foreach (string path in layout.SealsKernel ? KernelFiles : [])
        {
            arguments.AddRange(["--ro-bind-try", path, path]);
        }

        arguments.AddRange(["--dev", "/dev"]);
        arguments.AddRange(["--size", Text(layout.Memory / 8), "--tmpfs", "/dev/shm"]);

        // What bwrap mounts there has no size, and nothing of the guest's belongs in it.
        arguments.AddRange(["--remount-ro", "/dev"]);
        arguments.AddRange(["--size", Text(layout.Memory / 8), "--tmpfs", "/home", "--dir", GuestVariables.Home]);
        if (layout.Installation is { } installation)
        {
            // pip needs more room than memory has, and nothing of the user's.
            arguments.AddRange(
                ["--bind", installation.Scratch, "/tmp", "--bind", installation.Packages, installation.Target, "--dir", WorkDirectory]);
        }
        else
        {
            arguments.AddRange(["--perms", "1777", "--size", Text(layout.Memory / 4), "--tmpfs", "/tmp"]);
            arguments.AddRange(["--bind", layout.WorkDirectory, WorkDirectory]);
        }

        if (layout.TakesCalls)
        {
            arguments.AddRange(["--size", Text(CallsFolderSize), "--tmpfs", CallsFolder]);
        }

        arguments.AddRange(["--remount-ro", "/"]);
        foreach ((string name, string value) in layout.Variables)
        {
            arguments.AddRange(["--setenv", name, value]);
        }

        arguments.AddRange(["--chdir", WorkDirectory, "--"]);
        arguments.AddRange(layout.Command);
        return arguments;
    }

    /// <summary>The environment variables that every guest program has.</summary>
    public static Dictionary<string, string> Variables() =>
        new(GuestVariables.Defaults(), StringComparer.Ordinal) { ["PATH"] = DefaultPath };

    private static void AddSystem(List<string> arguments)
    {
        arguments.AddRange(["--ro-bind", "/usr", "/usr"]);
        foreach (string name in new[] { "bin", "sbin", "lib", "lib32", "lib64", "libx32" })
        {
            DirectoryInfo folder = new("/" + name);
            if (folder.LinkTarget is { } target)
            {
                arguments.AddRange(["--symlink", target, folder.FullName]);
            }
            else if (folder.Exists)
            {
                arguments.AddRange(["--ro-bind", folder.FullName, folder.FullName]);
            }
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What goes into one sandbox.</summary>
internal sealed record BubblewrapLayout
{
    public required string WorkDirectory { get; init; }

    public required string AgentFile { get; init; }

    public required string PasswordFile { get; init; }

    public required string GroupFile { get; init; }

    public required IReadOnlyList<string> ReadOnlyPaths { get; init; }

    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    /// <summary>The user that guest code sees itself as.</summary>
    public required UserId Inside { get; init; }

    /// <summary>Bytes; the temporary file systems are shares of it.</summary>
    public required long Memory { get; init; }

    public required bool SharesNetwork { get; init; }

    public required bool HasSeccomp { get; init; }

    /// <summary>Whether the kernel's files are read-only.</summary>
    public required bool SealsKernel { get; init; }

    /// <summary>Whether the command is the first process of the PID namespace, and not a child of bwrap's own.</summary>
    public required bool IsFirstProcess { get; init; }

    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Folders of the functions on the host, and where the guest sees them, read-only.</summary>
    public IReadOnlyList<(string Host, string Guest)> FunctionFolders { get; init; } = [];

    /// <summary>Whether the agent has a socket for calls.</summary>
    public bool TakesCalls { get; init; }

    /// <summary>Set for the sandbox in which packages are installed, which has no work directory.</summary>
    public BubblewrapInstallation? Installation { get; init; }
}

/// <summary>The folders that the installation of packages may write.</summary>
/// <param name="Packages">Where the packages go, on the host.</param>
/// <param name="Target">The same, in the sandbox.</param>
/// <param name="Scratch">The sandbox's <c>/tmp</c>, on the host.</param>
/// <param name="SharesNetwork">Whether the sandbox has the host's network.</param>
internal sealed record BubblewrapInstallation(string Packages, string Target, string Scratch, bool SharesNetwork);
