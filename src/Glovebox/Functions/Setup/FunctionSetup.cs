using System.Globalization;
using System.Reflection;
using System.Text;
using Glovebox.Environments;

namespace Glovebox.Functions.Setup;

/// <summary>Installs the packages of functions, and makes sure that their module loads.</summary>
internal static class FunctionSetup
{
    private const string MoreTime = "Give it more with SetupTimeout.";

    private static readonly string[] Interpreters = [.. CodeLanguage.Python.Programs];

    private static readonly Lazy<string> CheckProgram = new(() => GuestText("check.py"));

    /// <summary>Runs a program of the set-up.</summary>
    public delegate Task<ProcessExit> Run(GuestCommand command, IOutputSink output, CancellationToken kill);

    /// <summary>Installs packages with pip.</summary>
    /// <param name="functions">Whose packages.</param>
    /// <param name="target">The folder for them, as pip sees it.</param>
    /// <param name="run">Runs pip where the network is as the policy has it during the set-up.</param>
    /// <param name="hasNetwork">Whether it is there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FunctionSetupException">pip failed, is missing, or took too long.</exception>
    public static async Task InstallAsync(OfferedFunctions functions, string target, Run run, bool hasNetwork, CancellationToken cancellationToken)
    {
        // Each retry waits longer than the last; without a network that would be a minute for nothing.
        string[] arguments =
        [
            "-m", "pip", "install", "--target", target, "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--progress-bar", "off", "--quiet",
            .. hasNetwork ? Array.Empty<string>() : ["--retries", "0"],
            "--", .. functions.Set.Packages,
        ];
        SetupOutput output = new();
        ProcessExit exit = await RunAsync(
            functions, new GuestCommand(Interpreters, arguments), output, run, () => new FunctionSetupException($"Pip install timed out after {Seconds(functions)} s.", MoreTime), cancellationToken)
            .ConfigureAwait(false);
        if (exit.ExitCode == 0)
        {
            return;
        }

        string words = Words(exit, output);
        throw new FunctionSetupException(
            $"Pip install failed. {words}",
            words.Contains("No module named pip", StringComparison.Ordinal) ? "Install pip for the environment's Python: apt-get install python3-pip, or another image."
            : exit.Kind == ProcessExitKind.NotFound ? "Functions need a Python in the environment."
            : hasNetwork ? "See that the packages' names are right and that the environment reaches the package index."
            : "Network is None, so pip reaches no package index. NetworkAccess.SetupOnly lets the set-up have the network, and code not.");
    }

    /// <summary>Makes sure that the module compiles, holds the functions and loads.</summary>
    /// <exception cref="FunctionSetupException">It does not.</exception>
    public static async Task CheckAsync(OfferedFunctions functions, Run run, CancellationToken cancellationToken)
    {
        SetupOutput output = new();
        ProcessExit exit = await RunAsync(
            functions,
            new GuestCommand(Interpreters, ["-c", CheckProgram.Value, functions.Set.Module, functions.HasCalls ? "calls" : "", .. functions.Set.PythonNames]),
            output,
            run,
            () => new FunctionSetupException($"Functions failed to load: the module '{functions.Set.Module}' was not loaded after {Seconds(functions)} s.", MoreTime),
            cancellationToken).ConfigureAwait(false);
        if (exit.ExitCode == 0)
        {
            return;
        }

        // What the module itself printed comes before the verdict.
        const string Uncompiled = "Could not compile function:";
        const string Unloaded = "Functions failed to load:";
        string words = Words(exit, output);
        int verdict = Math.Max(words.LastIndexOf(Uncompiled, StringComparison.Ordinal), words.LastIndexOf(Unloaded, StringComparison.Ordinal));
        words = verdict >= 0 ? words[verdict..] : $"{Unloaded} {words}";
        throw words.StartsWith(Uncompiled, StringComparison.Ordinal)
            ? new FunctionSetupException(words, "Correct the function's source.")
            : new FunctionSetupException(
                words,
                exit.Kind == ProcessExitKind.NotFound ? "Functions need a Python in the environment."
                : words.Contains("ModuleNotFoundError", StringComparison.Ordinal) ? "Name the package that is missing with the function: FromSource(source, \"package\")."
                : null);
    }

    /// <summary>A file of ours for the guest.</summary>
    public static string GuestText(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Glovebox.Functions.{name}")
            ?? throw new InvalidOperationException($"{name} is missing.");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static async Task<ProcessExit> RunAsync(
        OfferedFunctions functions, GuestCommand command, SetupOutput output, Run run, Func<FunctionSetupException> late, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new(functions.SetupTimeout, functions.TimeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        ProcessExit exit = await run(command, output, either.Token).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return exit.Kind is ProcessExitKind.Killed or ProcessExitKind.EnvironmentLost && deadline.IsCancellationRequested ? throw late() : exit;
    }

    private static string Words(ProcessExit exit, SetupOutput output) =>
        output.LastLines is { Length: > 0 } lines ? lines
        : exit.Message ?? string.Create(CultureInfo.InvariantCulture, $"It ended with exit code {exit.ExitCode} and without a word.");

    private static string Seconds(OfferedFunctions functions) => functions.SetupTimeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
