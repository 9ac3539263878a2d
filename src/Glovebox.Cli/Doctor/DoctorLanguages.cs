using System.Globalization;
using System.Text;
using Glovebox.Hosting;
using Glovebox.Sandboxes;

namespace Glovebox.Cli.Doctor;

/// <summary>Looks which languages can be used in an executor's sandbox.</summary>
internal static class DoctorLanguages
{
    /// <summary>The oldest .NET SDK that runs a program of one file.</summary>
    private const int OldestSdk = 10;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>Starts an executor and asks each interpreter for its version.</summary>
    /// <returns>Empty where nothing can be asked: the executor runs no shell.</returns>
    public static async Task<IReadOnlyList<DoctorLanguage>> FindAsync(CodeExecutorKind kind, CancellationToken cancellationToken)
    {
        try
        {
            ICodeExecutor executor = kind.Create(options => options.Timeout = Longest, null);
            await using (executor.ConfigureAwait(false))
            {
                await executor.StartAsync(cancellationToken).ConfigureAwait(false);
                return await FindAsync(executor, kind.Name, asksVersions: true, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (CodeExecutionException)
        {
            return [];
        }
    }

    /// <summary>Looks which interpreters are there in the sandbox of an executor that has started.</summary>
    /// <param name="executor">The executor.</param>
    /// <param name="kind">The name of its kind.</param>
    /// <param name="asksVersions">Whether each is asked for its version. That starts it, which takes some of them a while.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Empty where nothing can be asked: the executor runs no shell.</returns>
    public static async Task<IReadOnlyList<DoctorLanguage>> FindAsync(
        ICodeExecutor executor, string kind, bool asksVersions, CancellationToken cancellationToken)
    {
        if (executor.GetService(typeof(ISandbox)) is not ISandbox sandbox)
        {
            return [];
        }

        // Not as a block: that would leave its file and its variables to whom the executor is for.
        ISandboxProcess process = await sandbox.StartProcessAsync(
            new ProcessRequest(["sh"], ["-c", Script(CodeLanguage.Defaults, asksVersions)]), cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(Longest);
        using CancellationTokenRegistration killing = late.Token.Register(process.Kill);
        MemoryStream printed = new();
        await foreach (ProcessOutput output in process.ReadOutputAsync(cancellationToken).ConfigureAwait(false))
        {
            if (output.Stream == OutputStream.StandardOutput)
            {
                printed.Write(output.Data.Span);
            }
        }

        ProcessExit exit = await process.Ended.ConfigureAwait(false);
        return exit.ExitCode == 0 ? Read(Encoding.UTF8.GetString(printed.ToArray()), kind) : [];
    }

    /// <summary>Makes the script that prints, for each language, its name, the program that is there, and a line that has the program's
    /// version.</summary>
    public static string Script(IEnumerable<CodeLanguage> languages, bool asksVersions)
    {
        StringBuilder script = new();
        foreach (CodeLanguage language in languages)
        {
            // Without an SDK, dotnet is there and runs nothing. It lists the newest last, in a few milliseconds; --version takes it 150.
            string ask = language.Name == CodeLanguage.CSharp.Name ? "$program --list-sdks </dev/null 2>/dev/null | tail -n 1"
                : asksVersions ? "$program --version </dev/null 2>/dev/null | head -n 1"
                : "";
            script.Append(
                CultureInfo.InvariantCulture,
                $$"""
                for program in {{string.Join(' ', language.Programs)}}; do
                    if command -v $program >/dev/null 2>&1; then
                        printf '%s\t%s\t%s\n' {{language.Name}} $program "$({{ask}})"
                        break
                    fi
                done

                """);
        }

        return script.Append("true\n").ToString();
    }

    /// <summary>Reads what the script printed. The guest may have printed anything.</summary>
    public static IReadOnlyList<DoctorLanguage> Read(string printed, string kind)
    {
        Dictionary<string, string> versions = new(StringComparer.Ordinal);
        foreach (string[] fields in printed.Split('\n').Select(line => line.Split('\t')).Where(fields => fields.Length == 3))
        {
            versions[fields[0]] = Version(fields[2]);
        }

        return [.. CodeLanguage.Defaults.Select(language => Judge(language.Name, versions, kind))];
    }

    private static DoctorLanguage Judge(string name, Dictionary<string, string> versions, string kind)
    {
        bool isThere = versions.TryGetValue(name, out string? version);

        bool isUsable = isThere && (name != CodeLanguage.CSharp.Name || (Major(version!) is { } major && major >= OldestSdk));
        string package = name switch
        {
            "python" => "Python 3 (python3)",
            "bash" => "bash",
            "sh" => "a POSIX shell",
            "pwsh" => "PowerShell (pwsh)",
            "javascript" => "Node.js (nodejs)",
            _ => $"the .NET SDK {OldestSdk} or newer (dotnet)",
        };
        string where = kind.StartsWith("docker", StringComparison.Ordinal) ? "Use an image that has"
            : kind == "bubblewrap" ? "Install, below /usr," : "Install";
        return new DoctorLanguage(
            name, isUsable, string.IsNullOrEmpty(version) ? null : version, isUsable ? null : $"{where} {package}.");
    }

    private static int? Major(string version) =>
        int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) ? major : null;

    /// <summary>Takes the version out of a line such as <c>GNU bash, version 5.2.15(1)-release</c>.</summary>
    private static string Version(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(word => word.TrimStart('v').Split('(')[0].TrimEnd(','))
        .FirstOrDefault(word => word.Length is > 0 and < 40 && char.IsAsciiDigit(word[0])) ?? "";
}
