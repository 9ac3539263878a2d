using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Glovebox.Tests.Common;

/// <summary>Files of the build and of .NET where other users and sandboxes can read them: where they are, else in a copy that goes when the
/// tests end.</summary>
internal static class PublicFiles
{
    /// <summary>What the sandbox has anyway.</summary>
    private static readonly string[] SystemFolders = ["/usr", "/bin", "/lib", "/lib64"];

    /// <summary>Where the sandbox mounts what is its own, so that the host's files cannot be shown there.</summary>
    private static readonly string[] Hidden = ["/tmp", "/home", "/workspace", "/dev", "/proc", "/run/glovebox"];

    private static readonly ConcurrentDictionary<string, Lazy<string>> Shown = new();

    /// <summary>A checkout may be in a home that nobody else enters, or below /tmp, which the sandbox replaces. Every Linux has
    /// /var/tmp.</summary>
    private static readonly Lazy<string> PublicFolder = new(() =>
    {
        string folder = $"/var/tmp/glovebox-tests-{Guid.NewGuid():n}";
        MakeFolder(folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    });

    /// <summary>Shows what another project was built into, <c>bin/PROJECT/CONFIGURATION</c> beside the tests' own folder.</summary>
    public static string ShowBuilt(string project)
    {
        DirectoryInfo tests = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string built = Path.Combine(tests.Parent!.Parent!.FullName, project, tests.Name);
        Assert.True(Directory.Exists(built), $"{project} is not built: '{built}' is missing.");
        return Show(built, project, CopyAll);
    }

    /// <summary>Shows the .NET that runs the tests.</summary>
    public static string ShowRuntime() => Show(Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..")), "dotnet", CopyRuntime);

    /// <summary>Whether the sandbox has a path anyway.</summary>
    public static bool IsSystem(string path) => SystemFolders.Any(s => path == s || path.StartsWith(s + "/", StringComparison.Ordinal));

    /// <summary>Whether a stranger can read a folder, and a sandbox shows it under its own name.</summary>
    public static bool IsVisible(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return true;
        }

        if (Hidden.Any(h => folder == h || folder.StartsWith(h + "/", StringComparison.Ordinal)))
        {
            return false;
        }

        for (string? at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            if ((File.GetUnixFileMode(at) & UnixFileMode.OtherExecute) == 0)
            {
                return false;
            }
        }

        return new DirectoryInfo(folder).EnumerateFiles().All(f => (f.UnixFileMode & UnixFileMode.OtherRead) != 0);
    }

    private static void CopyRuntime(string from, string to)
    {
        string version = $"shared/Microsoft.NETCore.App/{Environment.Version}";
        foreach (string folder in new[] { "host/fxr", version })
        {
            CopyAll(Path.Combine(from, folder), Path.Combine(to, folder));
        }
    }

    private static void CopyAll(string from, string to)
    {
        MakeFolder(to);
        foreach (DirectoryInfo folder in new DirectoryInfo(from).EnumerateDirectories())
        {
            CopyAll(folder.FullName, Path.Combine(to, folder.Name));
        }

        foreach (FileInfo file in new DirectoryInfo(from).EnumerateFiles())
        {
            string copy = file.CopyTo(Path.Combine(to, file.Name)).FullName;
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(copy, File.GetUnixFileMode(copy) | UnixFileMode.GroupRead | UnixFileMode.OtherRead | (
                    file.UnixFileMode.HasFlag(UnixFileMode.UserExecute) ? UnixFileMode.GroupExecute | UnixFileMode.OtherExecute : 0));
            }
        }
    }

    /// <summary>Makes a folder, and those above it, that all may enter, whatever the umask.</summary>
    private static void MakeFolder(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        MakeFolder(Path.GetDirectoryName(path)!);
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        }
    }

    private static string Show(string folder, string name, Action<string, string> copy) => Shown.GetOrAdd(folder, _ => new Lazy<string>(() =>
    {
        if (IsSystem(folder) || IsVisible(folder))
        {
            return folder;
        }

        string to = Path.Combine(PublicFolder.Value, name);
        copy(folder, to);
        return to;
    })).Value;
}
