using System.Globalization;
using System.Reflection;
using System.Text;

namespace Glovebox.Functions.Setup;

/// <summary>Runs the programs of the set-up, and makes sure that the functions' module loads.</summary>
internal static class FunctionSetup
{
    public const string MoreTime = "Give it more with SetupTimeout.";
    public const string NoPython = "Functions need a Python in the sandbox.";

    public static readonly string[] Interpreters = [.. CodeLanguage.Python.Programs];

    private const int KeptLines = 12;

    private static readonly Lazy<string> CheckProgram = new(() => GuestText("check.py"));

    /// <summary>Runs a program of the set-up.</summary>
    public delegate Task<ProcessExit> Run(ProcessRequest request, CancellationToken kill);

    /// <summary>Makes sure that the module compiles, holds the functions and loads.</summary>
    /// <exception cref="FunctionSetupException">It does not.</exception>
    public static async Task CheckAsync(OfferedFunctions functions, Run run, CancellationToken cancellationToken)
    {
        BoundedText output = new();
        using CancellationTokenSource deadline = Deadline(functions);
        ProcessExit exit = await RunAsync(
            new ProcessRequest(
                Interpreters,
                ["-c", CheckProgram.Value, functions.Set.Module, functions.HasCalls ? "calls" : "", .. functions.Set.PythonNames])
            {
                Output = output,
            },
            run,
            deadline,
            () => new FunctionSetupException(
                $"Functions failed to load: the module '{functions.Set.Module}' was not loaded after {Seconds(functions)} s.", MoreTime),
            cancellationToken).ConfigureAwait(false);
        if (exit.ExitCode == 0)
        {
            return;
        }

        // What the module itself printed comes before the verdict.
        const string Uncompiled = "Could not compile function:";
        const string Unloaded = "Functions failed to load:";
        string words = Words(exit, output);
        int verdict = Math.Max(
            words.LastIndexOf(Uncompiled, StringComparison.Ordinal), words.LastIndexOf(Unloaded, StringComparison.Ordinal));
        words = verdict >= 0 ? words[verdict..] : $"{Unloaded} {words}";
        throw words.StartsWith(Uncompiled, StringComparison.Ordinal)
            ? new FunctionSetupException(words, "Correct the function's source.")
            : new FunctionSetupException(
                words,
                exit.Kind == ProcessExitKind.NotFound ? NoPython
                : words.Contains(
                    "ModuleNotFoundError",
                    StringComparison.Ordinal) ? "Name the package that is missing with the function: FromSource(source, \"package\")."
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

    /// <summary>The end of the time that the set-up has for packages or for the module.</summary>
    public static CancellationTokenSource Deadline(OfferedFunctions functions) => new(functions.SetupTimeout, functions.TimeProvider);

    /// <summary>Runs a program until the deadline.</summary>
    /// <exception cref="FunctionSetupException">What <paramref name="late"/> makes, when the deadline passes.</exception>
    public static async Task<ProcessExit> RunAsync(
        ProcessRequest request,
        Run run,
        CancellationTokenSource deadline,
        Func<FunctionSetupException> late,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        ProcessExit exit = await run(request, either.Token).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return exit.Kind is ProcessExitKind.Killed or ProcessExitKind.SandboxLost && deadline.IsCancellationRequested ? throw late() : exit;
    }

    /// <summary>The last lines that a program printed, or how it ended.</summary>
    public static string Words(ProcessExit exit, BoundedText output) =>
        string.Join('\n', output.LastLines(KeptLines)) is { Length: > 0 } lines ? lines
        : exit.Message ?? string.Create(CultureInfo.InvariantCulture, $"It exited with code {exit.ExitCode} and no output.");

    public static string Seconds(OfferedFunctions functions) =>
        functions.SetupTimeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
