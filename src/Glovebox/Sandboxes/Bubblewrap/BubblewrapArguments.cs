using System.Globalization;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>What a sandbox has of the host, and where its own things are in it.</summary>
internal static class BubblewrapArguments
{
    public const string WorkDirectory = "/workspace";
    public const string AgentPath = "/run/glovebox/agent.py";
    public const string FunctionsFolder = "/run/glovebox/functions";
    public const string CallsFolder = "/run/glovebox/calls";
    public const string SettingsFolder = "/etc/glovebox";
    public const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>What guest code can write, or what lies over what it can write: nothing else is mounted below.</summary>
    private static readonly string[] Reserved = ["/tmp", "/home", "/workspace", "/dev", "/proc", "/run/glovebox", "/etc/glovebox"];

    /// <summary>Empty folders that programs look for.</summary>
    private static readonly string[] EmptyFolders =
    [
        "/var/lib", "/var/cache", "/var/log", "/var/spool", "/var/opt", "/var/local", "/var/mail", "/run/lock", "/run/user", "/opt", "/srv",
        "/mnt", "/media",
    ];

    /// <summary>What of <c>/proc</c> belongs to the whole machine and has files that root can write. bwrap covers some of it, but not where
    /// the folder itself cannot be written, as <c>/proc/sys</c>: then its files still can.</summary>
    private static readonly string[] KernelFiles =
    [
        "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/pressure", "/proc/mtrr", "/proc/acpi",
        "/proc/scsi", "/proc/driver", "/proc/asound", "/proc/dynamic_debug",
    ];

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

        // As on the host, /var/run is a link.
        string inside = full == "/var/run" || full.StartsWith("/var/run/", StringComparison.Ordinal) ? full["/var".Length..] : full;

        // Bubblewrap follows links when it mounts; below a place that the guest can write, it could be led astray.
        if (Reserved.FirstOrDefault(r => inside == r || inside.StartsWith(r + "/", StringComparison.Ordinal)) is { } reserved)
        {
            throw new ArgumentException(
                $"ReadOnlyPaths must not hold '{path}': in the sandbox, {reserved} is the guest's own or the sandbox's.");
        }

        if (AgentPath.StartsWith(inside + "/", StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"ReadOnlyPaths must not hold '{path}': it would hide what the sandbox has there. Name what the code needs.");
        }

        return full;
    }

    /// <summary>What every sandbox sees of the host, read-only, but for its own files.</summary>
    /// <param name="sharesNetwork">Whether the sandbox has the host's network.</param>
    /// <param name="configuration">The folder that it has as <c>/etc</c>, as its user reaches it.</param>
    /// <param name="mounts">The arguments that mount the rest of the configuration.</param>
    public static IEnumerable<string> HostFiles(bool sharesNetwork, string configuration, IReadOnlyList<string> mounts)
    {
        List<string> arguments = ["--ro-bind", "/usr", "/usr"];
        foreach (string name in new[] { "bin", "sbin", "lib", "lib32", "lib64", "libx32" })
        {
            DirectoryInfo folder = new("/" + name);
            if (folder.LinkTarget is { } target)
            {
                arguments.AddRange(["--symlink", target, folder.FullName]);
            }
            else if (folder.Exists)
            {
                arguments.AddRange(Show(folder.FullName));
            }
        }

        return
        [
            .. arguments,
            "--ro-bind", configuration, "/etc",
            .. mounts,
            .. sharesNetwork ? TryShow("/etc/resolv.conf") : [],
        ];
    }

    /// <summary>The folders that programs expect beside those of the host: empty and read-only, but for <c>/var/tmp</c>, which is empty
    /// when the sandbox starts. A path of the caller's may lie in them.</summary>
    /// <param name="size">How many bytes <c>/var/tmp</c> holds.</param>
    public static IEnumerable<string> Folders(long size) =>
    [
        .. EmptyFolders.SelectMany(folder => new[] { "--dir", folder }),
        "--symlink", "../run", "/var/run", "--symlink", "../run/lock", "/var/lock",
        "--perms", "1777", "--size", size.ToString(CultureInfo.InvariantCulture), "--tmpfs", "/var/tmp",
    ];

    /// <summary>Covers what belongs to the whole machine.</summary>
    public static IEnumerable<string> SealKernelFiles() => KernelFiles.SelectMany(TryShow);

    public static string[] Show(string path) => ["--ro-bind", path, path];

    private static string[] TryShow(string path) => ["--ro-bind-try", path, path];
}

/// <summary>The folders that the installation of packages may write.</summary>
/// <param name="Packages">Where the packages go, on the host.</param>
/// <param name="Target">The same, in the sandbox.</param>
/// <param name="Scratch">The sandbox's <c>/tmp</c>, on the host.</param>
/// <param name="User">The user that pip runs as.</param>
/// <param name="SharesNetwork">Whether the sandbox has the host's network.</param>
internal sealed record BubblewrapInstallation(string Packages, string Target, string Scratch, GuestUser User, bool SharesNetwork);
