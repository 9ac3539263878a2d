namespace Glovebox.Functions.Setup;

/// <summary>Installs packages with pip, as far as the sandbox's Python does not have them.</summary>
/// <remarks>A package that is no wheel is built by code of its own. In an isolated sandbox that code is hostile: it must see neither
/// the variables of the set-up nor, where it is the host's, the network.</remarks>
/// <param name="functions">The functions that need the packages.</param>
/// <param name="packages">The packages; a path is one that the sandbox has.</param>
/// <param name="target">The folder for the packages, as pip sees it.</param>
/// <param name="hasNetwork">Whether the set-up has the network.</param>
internal sealed class PackageSetup(OfferedFunctions functions, IReadOnlyList<string> packages, string target, bool hasNetwork)
{
    /// <summary>What is late when the set-up's time is up.</summary>
    public const string Late = "Pip install timed out";

    /// <summary>The exit code of fetch.py when something would have been built.</summary>
    private const int NeedsBuild = 77;

    /// <summary>What comes before the verdict of fetch.py.</summary>
    private const string Verdict = "Not a wheel:";

    private const string NamesAndIndex = "See that the packages' names are right and that the sandbox reaches the package index.";

    private const string HowToBuild = "Build a wheel of it (pip wheel), put it into a folder that the sandbox sees, "
        + "and name the folder in PIP_FIND_LINKS of SetupEnvironment.";

    private const string Unseen =
        "The sandbox does not see this path: name an absolute one in ReadOnlyPaths (in a container: ExtraVolumes).";

    /// <summary>What missing.py prints before the numbers.</summary>
    private const string Missing = "missing";

    private static readonly Lazy<string> FetchProgram = new(() => FunctionSetup.GuestText("fetch.py"));
    private static readonly Lazy<string> MissingProgram = new(() => FunctionSetup.GuestText("missing.py"));

    /// <summary>Options of every step. Each retry waits longer than the last: without a network a minute would pass for nothing.</summary>
    private readonly string[] _options =
    [
        "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--progress-bar", "off", "--quiet",
        .. hasNetwork ? Array.Empty<string>() : ["--retries", "0"],
    ];

    /// <summary>Installs in one step: code that builds a package runs with all that pip has.</summary>
    /// <param name="run">Runs pip with the network and the variables of the set-up.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FunctionSetupException">pip failed, is missing, or took too long.</exception>
    public async Task InstallAsync(FunctionSetup.Run run, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = FunctionSetup.Deadline(functions);
        string[] missing = await MissingAsync(run, deadline, cancellationToken).ConfigureAwait(false);
        if (missing.Length == 0)
        {
            return;
        }

        string[] arguments = ["-m", "pip", "install", "--target", target, .. _options, "--", .. missing];
        ThrowUnlessDone(await RunAsync(arguments, run, deadline, cancellationToken).ConfigureAwait(false), NamesAndIndex);
    }

    /// <summary>Installs in two steps: pip fetches wheels and runs nothing; then it installs them and builds local sources.</summary>
    /// <param name="wheels">A folder for the wheels, as both steps see it. It need not be there.</param>
    /// <param name="variables">A file with the variables of the set-up, which the first step deletes. Null: <paramref name="fetch"/> sets
    /// them.</param>
    /// <param name="fetch">Runs pip with the network, and with the variables of the set-up if no file has them.</param>
    /// <param name="install">Runs pip without the variables, and without the host's network.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether pip has run no code of a package: all came from wheels.</returns>
    /// <exception cref="FunctionSetupException">pip failed, is missing, or took too long.</exception>
    public async Task<bool> FetchAndInstallAsync(
        string wheels, string? variables, FunctionSetup.Run fetch, FunctionSetup.Run install, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = FunctionSetup.Deadline(functions);
        string[] missing = await MissingAsync(install, deadline, cancellationToken).ConfigureAwait(false);
        if (missing.Length == 0)
        {
            return true;
        }

        string[] sources = [.. missing.Where(IsLocalSource)];
        string[] others = [.. missing.Except(sources, StringComparer.Ordinal)];
        string[] folders = LocalFolders(out bool isOffline);
        bool isFetched = false;
        if (others.Length > 0)
        {
            (ProcessExit Exit, string) outcome = await RunAsync(
                ["-c", FetchProgram.Value, wheels, variables ?? "", .. _options, "--", .. others], fetch, deadline, cancellationToken)
                .ConfigureAwait(false);
            isFetched = outcome.Exit.ExitCode == 0;
            if (!isFetched && isOffline && outcome.Exit.Kind == ProcessExitKind.Exited)
            {
                // There is nothing to fetch: all that pip may use is on the disk, and what is no wheel is built without the network.
                sources = missing;
            }
            else
            {
                ThrowUnlessDone(
                    outcome, $"{NamesAndIndex} A package that has no wheel for the sandbox's Python is not found. {HowToBuild}");
            }
        }

        string[] fetched = isFetched ? ["--find-links", wheels, "--requirement", $"{wheels}/requirements.txt"] : [];
        string[] built = sources.Length == 0
            ? ["--no-deps", "--only-binary", ":all:"]
            : [.. folders.SelectMany(f => new[] { "--find-links", f })];
        string[] arguments =
            ["-m", "pip", "install", "--target", target, "--no-index", .. _options, .. fetched, .. built, "--", .. sources];
        ThrowUnlessDone(
            await RunAsync(arguments, install, deadline, cancellationToken).ConfigureAwait(false),
            sources.Length == 0
                ? null
                : "See that the packages' names are right. A package that is built finds what it requires, and what builds it, only among "
                + "the other packages and in folders of PIP_FIND_LINKS.");
        return sources.Length == 0;
    }

    /// <summary>Gets the requirements that the sandbox's Python does not satisfy.</summary>
    private async Task<string[]> MissingAsync(
        FunctionSetup.Run run, CancellationTokenSource deadline, CancellationToken cancellationToken)
    {
        (ProcessExit exit, string words) = await RunAsync(
            ["-c", MissingProgram.Value, .. packages], run, deadline, cancellationToken).ConfigureAwait(false);
        string[] numbers = words.Split('\n')[^1].Split(' ');
        bool isRead = exit.ExitCode == 0 && numbers[0] == Missing && numbers.Skip(1).All(n => int.TryParse(n, out _));
        return [.. packages.Where((_, i) => !isRead || numbers.Contains($"{i}"))];
    }

    /// <summary>Whether a requirement is a folder or an archive of the sandbox, and not a wheel.</summary>
    private static bool IsLocalSource(string package)
    {
        int at = package.IndexOf('@', StringComparison.Ordinal);
        string place = package[0] is '/' or '.' ? package : package[(at + 1)..].TrimStart();
        return (place is ['/' or '.', ..] || place.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            && !place.Contains(".whl", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The folders of PIP_FIND_LINKS, which hold no secret. pip is offline when it may use nothing but them.</summary>
    private string[] LocalFolders(out bool isOffline)
    {
        string[] links = functions.SetupVariables.GetValueOrDefault("PIP_FIND_LINKS", "")
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        string[] folders = [.. links.Where(l => l[0] == '/' || l.StartsWith("file:///", StringComparison.Ordinal))];
        string noIndex = functions.SetupVariables.GetValueOrDefault("PIP_NO_INDEX", "").ToLowerInvariant();
        isOffline = folders.Length > 0 && folders.Length == links.Length && noIndex is "1" or "true" or "yes" or "on" or "y" or "t";
        return folders;
    }

    private Task<(ProcessExit Exit, string Words)> RunAsync(
        string[] arguments, FunctionSetup.Run run, CancellationTokenSource deadline, CancellationToken cancellationToken) =>
        FunctionSetup.RunPythonAsync(functions, arguments, run, deadline, Late, cancellationToken);

    /// <summary>Whether pip complains about a path: of a package, or of PIP_FIND_LINKS.</summary>
    private static bool IsUnseen(string words) =>
        (words.Contains("Location '/", StringComparison.Ordinal) && words.Contains("is ignored", StringComparison.Ordinal))
        || words.Contains("It looks like a path.", StringComparison.Ordinal)
        || (words.Contains("No such file or directory", StringComparison.Ordinal)
            && words.Contains(".whl", StringComparison.OrdinalIgnoreCase));

    private void ThrowUnlessDone((ProcessExit Exit, string Words) outcome, string? hint)
    {
        (ProcessExit exit, string words) = outcome;
        if (exit.ExitCode == 0)
        {
            return;
        }

        if (exit.ExitCode == NeedsBuild && words.LastIndexOf(Verdict, StringComparison.Ordinal) is >= 0 and int verdict)
        {
            // What comes before is a trace of pip's own.
            throw new FunctionSetupException(
                "Pip install failed. A package, or one that it requires, is named by an address or a path and is no wheel. It must "
                + "be built, and code that builds gets neither the network nor SetupEnvironment: "
                + words[(verdict + Verdict.Length)..].Trim(),
                HowToBuild);
        }

        throw new FunctionSetupException(
            $"Pip install failed. {words}",
            words.Contains("No module named pip", StringComparison.Ordinal)
                ? "Install pip for the sandbox's Python: apt-get install python3-pip, or another image."
            : exit.Kind == ProcessExitKind.NotFound ? FunctionSetup.NoPython
            : IsUnseen(words) ? Unseen
            : hasNetwork ? hint
            : "Network is None, so pip reaches no package index. NetworkAccess.SetupOnly gives the network to the set-up alone.");
    }
}
