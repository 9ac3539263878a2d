namespace Glovebox.Sandboxes;

/// <summary>Settings of programs that no variable can give: files that a sandbox shows read-only, and the variables that name
/// them.</summary>
internal static class ProgramSettings
{
    /// <summary>Names the settings of pip.</summary>
    public const string Pip = "PIP_CONFIG_FILE";

    /// <summary>Has builds of .NET look for nothing in a network. A set-up that has one must not see it.</summary>
    public const string Offline = "BeforeMicrosoftNETSdkTargets";

    /// <summary>Gets the files by their names.</summary>
    public static IReadOnlyDictionary<string, string> Files { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        // PIP_QUIET would silence "pip list" and "pip show" as well. 1 leaves warnings and errors, and so what the build of a package
        // printed, also where the code says -q, for pip adds them up; 3 (-qqq) would hide that. The false is pip's way to say that
        // there is to be no such warning.
        ["pip.conf"] = """
            [install]
            quiet = 1
            no-warn-script-location = false

            """,

        // A program of one file is prepared for native compilation, for which packages would be fetched. Where there is no network, or a
        // list without NuGet's registry, nothing is to be looked for there, unless the project names its own sources.
        ["offline.targets"] = """
            <Project>
              <PropertyGroup>
                <PublishAot Condition="'$(FileBasedProgram)' == 'true'">false</PublishAot>
                <_Folder>$(MSBuildProjectDirectory)</_Folder>
                <_Own>$([MSBuild]::GetPathOfFileAbove('NuGet.Config', '$(_Folder)'))</_Own>
                <_Own>$(_Own)$([MSBuild]::GetPathOfFileAbove('NuGet.config', '$(_Folder)'))</_Own>
                <_Own>$(_Own)$([MSBuild]::GetPathOfFileAbove('nuget.config', '$(_Folder)'))</_Own>
              </PropertyGroup>
              <PropertyGroup Condition="'$(RestoreConfigFile)$(RestoreSources)$(_Own)' == ''">
                <RestoreConfigFile>$(MSBuildThisFileDirectory)offline.config</RestoreConfigFile>
              </PropertyGroup>
            </Project>

            """,
        ["offline.config"] = """
            <?xml version="1.0" encoding="utf-8"?>
            <configuration>
              <packageSources>
                <clear />
              </packageSources>
            </configuration>

            """,
    };

    /// <summary>Makes the variables that name them.</summary>
    /// <param name="folder">Where the files are in the sandbox.</param>
    /// <param name="reachesNuGet">Whether builds find packages where .NET looks for them; else they are not to look there.</param>
    public static IEnumerable<KeyValuePair<string, string>> Variables(string folder, bool reachesNuGet)
    {
        yield return new(Pip, $"{folder}/pip.conf");
        if (!reachesNuGet)
        {
            yield return new(Offline, $"{folder}/offline.targets");
        }
    }
}
