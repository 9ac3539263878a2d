using System.Runtime.InteropServices;

namespace Glovebox.Tests.Support;

/// <summary>A <c>pwsh</c> for tests: the machine's own, else the stand-in that is built with the tests.</summary>
internal static class PowerShellHost
{
    /// <summary>What the sandbox has anyway.</summary>
    private static readonly string[] SystemFolders = ["/usr", "/bin", "/lib", "/lib64"];

    /// <summary>Where the sandbox mounts what is its own, so that the host's files cannot be shown there.</summary>
    private static readonly string[] Hidden = ["/tmp", "/home", "/workspace", "/dev", "/proc", "/run/glovebox"];

    private static readonly Lazy<Places> Found = new(() => FindReal() ?? FindBuilt());

    /// <summary>The folder that <c>pwsh</c> is in; put it first on PATH.</summary>
    public static string Folder => Found.Value.Folder;

    /// <summary>What a sandbox must see beyond the system's folders.</summary>
    public static IReadOnlyList<string> ReadOnlyPaths => Found.Value.ReadOnlyPaths;

    /// <summary>The environment variables that <c>pwsh</c> needs, but for PATH.</summary>
    public static IReadOnlyDictionary<string, string> Variables => Found.Value.Variables;

    /// <summary>Makes <c>pwsh</c> known to an executor.</summary>
    public static T AddTo<T>(T options)
        where T : CommandLineCodeExecutorOptions
    {
        foreach ((string name, string value) in Variables)
        {
            options.Environment[name] = value;
        }

        string rest = Environment.GetEnvironmentVariable("PATH") ?? "";
        if (options is BubblewrapCommandLineCodeExecutorOptions sandbox)
        {
            rest = "/usr/local/bin:/usr/bin:/bin";
            foreach (string path in ReadOnlyPaths)
            {
                sandbox.ReadOnlyPaths.Add(path);
            }
        }

        options.Environment["PATH"] = Folder + Path.PathSeparator + rest;
        return options;
    }

    /// <summary>Finds an installed PowerShell. One that a sandbox cannot show, such as a tool in someone's home, does not count.</summary>
    private static Places? FindReal()
    {
        string program = OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh";
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            FileInfo link = new(Path.Combine(folder, program));
            if (!link.Exists)
            {
                continue;
            }

            // What stands on PATH is mostly a link; without the assemblies beside it, it is a wrapper of something elsewhere.
            string real = Path.GetDirectoryName(link.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? link.FullName)!;
            if (File.Exists(Path.Combine(real, "System.Management.Automation.dll")) && IsVisible(real))
            {
                return new Places(real, IsSystem(real) ? [] : [real], CommonVariables());
            }
        }

        return null;
    }

    /// <summary>Takes the stand-in out of the build's output, <c>bin/PwshHost/CONFIGURATION</c> beside the tests' own folder.</summary>
    private static Places FindBuilt()
    {
        DirectoryInfo tests = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string built = Path.Combine(tests.Parent!.Parent!.FullName, "PwshHost", tests.Name);
        Assert.True(Directory.Exists(built), $"The stand-in for pwsh is not built: '{built}' is missing.");
        Dictionary<string, string> variables = CommonVariables();
        string runtime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        List<string> shown = [];
        string folder = Show(built, "pwsh", CopyAll, shown);
        variables["DOTNET_ROOT"] = Show(runtime, "dotnet", CopyRuntime, shown);
        return new Places(folder, shown, variables);
    }

    private static Dictionary<string, string> CommonVariables() => new(StringComparer.Ordinal)
    {
        ["DOTNET_EnableDiagnostics"] = "0",
        ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1",
        ["POWERSHELL_TELEMETRY_OPTOUT"] = "1",

        // Without a limit .NET reserves hundreds of gigabytes of addresses, which a sandbox that has no control group refuses.
        ["DOTNET_GCHeapHardLimit"] = "0x10000000",
    };

    /// <summary>Gives a folder that a sandbox can show: this one, else a copy, which goes when the tests end.</summary>
    private static string Show(string folder, string name, Action<string, string> copy, List<string> shown)
    {
        if (IsSystem(folder) || !OperatingSystem.IsLinux())
        {
            return folder;
        }

        if (!IsVisible(folder))
        {
            string to = Path.Combine(PublicFolder.Value, name);
            copy(folder, to);
            folder = to;
        }

        shown.Add(folder);
        return folder;
    }

    /// <summary>A checkout may be in a home that nobody else enters, or below /tmp, which the sandbox replaces. Every Linux has /var/tmp.</summary>
    private static readonly Lazy<string> PublicFolder = new(() =>
    {
        string folder = $"/var/tmp/glovebox-tests-{Guid.NewGuid():n}";
        MakeFolder(folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    });

    private static bool IsSystem(string path) => SystemFolders.Any(s => path == s || path.StartsWith(s + "/", StringComparison.Ordinal));

    /// <summary>Whether a stranger can read a folder, and a sandbox shows it under its own name.</summary>
    private static bool IsVisible(string folder)
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

    private sealed record Places(string Folder, IReadOnlyList<string> ReadOnlyPaths, IReadOnlyDictionary<string, string> Variables);
}
