namespace Glovebox.Tests.Common;

/// <summary>A <c>pwsh</c> for tests: the machine's own, else the stand-in that is built with the tests.</summary>
internal static class PowerShellHost
{
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
            if (File.Exists(Path.Combine(real, "System.Management.Automation.dll")) && PublicFiles.IsVisible(real))
            {
                return new Places(real, PublicFiles.IsSystem(real) ? [] : [real], CommonVariables());
            }
        }

        return null;
    }

    /// <summary>Takes the stand-in out of the build's output, <c>bin/PwshHost/CONFIGURATION</c> beside the tests' own folder.</summary>
    private static Places FindBuilt()
    {
        Dictionary<string, string> variables = CommonVariables();
        string folder = PublicFiles.ShowBuilt("PwshHost");
        string runtime = variables["DOTNET_ROOT"] = PublicFiles.ShowRuntime();
        string[] shown = [.. new[] { folder, runtime }.Where(f => !PublicFiles.IsSystem(f))];
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

    private sealed record Places(string Folder, IReadOnlyList<string> ReadOnlyPaths, IReadOnlyDictionary<string, string> Variables);
}
