using System.Globalization;
using System.Reflection;
using System.Text;

namespace Glovebox.Functions.Setup;

/// <summary>Runs the programs of the set-up, and makes sure that the functions' module loads.</summary>
internal static class FunctionSetup
{
    public const string NoPython = "Functions need a Python in the sandbox.";

    private const int KeptLines = 12;
    private const string Uncompiled = "Could not compile function:";
    private const string Unloaded = "Functions failed to load:";

    private static readonly Lazy<string> CheckProgram = new(() => GuestText("check.py"));

    /// <summary>Runs a program of the set-up.</summary>
    public delegate Task<ProcessExit> Run(ProcessRequest request, CancellationToken kill);

    /// <summary>Makes sure that the module compiles, holds the functions and loads.</summary>
    /// <exception cref="FunctionSetupException">It does not.</exception>
    public static async Task CheckAsync(OfferedFunctions functions, Run run, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = Deadline(functions);
        string[] arguments =
            ["-c", CheckProgram.Value, functions.Set.Module, functions.HasCalls ? "calls" : "", .. functions.Set.PythonNames];
        (ProcessExit exit, string words) = await RunPythonAsync(
            functions, arguments, run, deadline, $"{Unloaded} the module '{functions.Set.Module}' was not loaded", cancellationToken)
            .ConfigureAwait(false);
        if (exit.ExitCode == 0)
        {
            return;
        }

        // What the module itself printed comes before the verdict.
        int verdict = Math.Max(
            words.LastIndexOf(Uncompiled, StringComparison.Ordinal), words.LastIndexOf(Unloaded, StringComparison.Ordinal));
        words = verdict >= 0 ? words[verdict..] : $"{Unloaded} {words}";
        throw words.StartsWith(Uncompiled, StringComparison.Ordinal)
            ? new FunctionSetupException(words, "Correct the function's source.")
            : new FunctionSetupException(
                words,
                exit.Kind == ProcessExitKind.NotFound ? NoPython
                : words.Contains("ModuleNotFoundError", StringComparison.Ordinal)
                    ? "Name the package that is missing with the function: FromSource(source, \"package\")."
                : null);
    }

    /// <summary>Reads a file that Glovebox gives to guest code.</summary>
    public static string GuestText(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Glovebox.Functions.{name}")
            ?? throw new InvalidOperationException($"{name} is missing.");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>The end of the time that the set-up has for packages or for the module.</summary>
    public static CancellationTokenSource Deadline(OfferedFunctions functions) => new(functions.SetupTimeout, functions.TimeProvider);

    /// <summary>Says that the deadline has passed.</summary>
    public static FunctionSetupException TimedOut(OfferedFunctions functions, string late) => new(
        string.Create(CultureInfo.InvariantCulture, $"{late} after {functions.SetupTimeout.TotalSeconds:0.###} s."),
        "Give it more with SetupTimeout.");

    /// <summary>Runs Python until the deadline.</summary>
    /// <param name="functions">The functions that are set up.</param>
    /// <param name="arguments">Python's arguments.</param>
    /// <param name="run">Runs it.</param>
    /// <param name="deadline">The end of its time.</param>
    /// <param name="late">What has happened when the deadline passes, for a message.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How it ended, and its last words.</returns>
    /// <exception cref="FunctionSetupException">The deadline passed.</exception>
    public static async Task<(ProcessExit Exit, string Words)> RunPythonAsync(
        OfferedFunctions functions,
        IReadOnlyList<string> arguments,
        Run run,
        CancellationTokenSource deadline,
        string late,
        CancellationToken cancellationToken)
    {
        BoundedText output = new();
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        ProcessExit exit = await run(
            new ProcessRequest([.. CodeLanguage.Python.Programs], arguments) { Output = output }, either.Token).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (exit.Kind is ProcessExitKind.Killed or ProcessExitKind.SandboxLost && deadline.IsCancellationRequested)
        {
            throw TimedOut(functions, late);
        }

        string lines = string.Join('\n', output.LastLines(KeptLines));
        return (exit, lines.Length > 0 ? lines
            : exit.Message ?? string.Create(CultureInfo.InvariantCulture, $"It exited with code {exit.ExitCode} and no output."));
    }
}
