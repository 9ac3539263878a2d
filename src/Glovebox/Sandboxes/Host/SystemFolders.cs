using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>Directories that are the system's: guest code that could write in one would change the host.</summary>
internal static class SystemFolders
{
    private const string IsTheSystems = "it is a folder of the system's";

    /// <summary>These, but not the folders in them. Where several names lead to one, each is here.</summary>
    private static readonly HashSet<string> Themselves = new(StringComparer.Ordinal)
    {
        "/", "/bin", "/boot", "/etc", "/home", "/lib", "/lib32", "/lib64", "/libx32", "/run", "/sbin", "/usr", "/var", "/var/lib",
        "/var/spool", "/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/libx32", "/usr/sbin",
        "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/local/sbin",
    };

    /// <summary>These with all that is in them.</summary>
    private static readonly string[] Whole =
    [
        "/proc", "/sys", "/dev", "/boot", "/etc", "/var/spool/cron", "/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec",
        "/usr/libx32", "/usr/sbin",
    ];

    /// <summary>Magic numbers of file systems that are interfaces of the kernel, wherever they are mounted.</summary>
    private static readonly HashSet<uint> Interfaces =
    [
        0x9FA0 /* proc */, 0x62656572 /* sysfs */, 0x27E0EB /* cgroup */, 0x63677270 /* cgroup2 */, 0x64626720 /* debugfs */,
        0x74726163 /* tracefs */, 0x73636673 /* securityfs */, 0xCAFE4A11 /* bpf */, 0x1CD1 /* devpts */, 0xDE5E81E4 /* efivarfs */,
        0x62656570 /* configfs */, 0xF97CFF8C /* selinuxfs */,
    ];

    /// <summary>Why a directory is refused; null: it is not.</summary>
    /// <param name="path">Its path, without links.</param>
    /// <param name="directory">The directory, open.</param>
    public static string? Refuses(string path, SafeFileHandle directory) =>
        Themselves.Contains(path) || Themselves.Any(folder => IsSame(folder, directory)) ? IsTheSystems
        : IsIn(TemporaryFolders.Parent, path) ? $"it holds '{TemporaryFolders.Parent}', where the files are that sandboxes are made with"
        : RefusesFoldersIn(path, directory);

    /// <summary>Why no folder in a directory can be used; null: it can. Parameters as above.</summary>
    public static string? RefusesFoldersIn(string path, SafeFileHandle directory) =>
        !IsIn(path, "/dev/shm") && Whole.Any(folder => IsIn(path, folder)) ? IsTheSystems
        : Interfaces.Contains(Libc.FileSystemOf(directory)) ? "its files are an interface of the kernel's"
        : null;

    /// <summary>A bind mount shows a folder under another path.</summary>
    private static bool IsSame(string folder, SafeFileHandle directory)
    {
        using SafeFileHandle opened = Libc.Open(folder, Libc.OpenPath | Libc.OpenDirectory | Libc.OpenCloseOnExec, 0);
        return Libc.IsSame(opened, directory);
    }

    private static bool IsIn(string path, string folder) =>
        path.StartsWith(folder, StringComparison.Ordinal) && (path.Length == folder.Length || path[folder.Length] == '/');
}
