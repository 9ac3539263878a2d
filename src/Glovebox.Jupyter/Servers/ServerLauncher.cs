using System.Reflection;
using System.Text;

namespace Glovebox.Jupyter.Servers;

/// <summary>The program that starts a Jupyter server inside a sandbox, and what its failures mean.</summary>
internal static class ServerLauncher
{
    /// <summary>The program's exit code when there is no Jupyter server.</summary>
    private const int Missing = 97;

    private static readonly Lazy<string> Source = new(Load);

    /// <summary>The program, for <c>python3 -c</c>. Its arguments: the work directory, and a folder to make for the server's
    /// socket.</summary>
    public static string Script => Source.Value;

    public static SandboxUnavailableException Explain(string kind, ProcessExit exit, ServerLog log) => exit switch
    {
        { Kind: ProcessExitKind.NotFound } => NeedsPython(kind),
        { ExitCode: Missing } => new(
            "jupyter-missing",
            $"The {kind} sandbox's Python has no Jupyter server.",
            "Install it there: apt-get install python3-jupyter-server python3-ipykernel, or in an image: pip install jupyter-server"
            + " ipykernel. For plots, matplotlib too."),
        { Kind: ProcessExitKind.OutOfMemory } => Failed("it ran out of memory", log),
        _ => Failed($"it ended with exit code {exit.ExitCode}", log),
    };

    public static SandboxUnavailableException NeedsPython(string kind) => new(
        "jupyter-needs-python",
        $"A Jupyter server needs Python, and the {kind} sandbox has none.",
        "Install Python there, or name an image that has it.");

    public static SandboxUnavailableException Failed(string what, ServerLog log) => new(
        "jupyter-server-failed",
        $"The Jupyter server does not start: {what}.{log.LastLines()}",
        "See what it says, or raise the limits of Policy.");

    private static string Load()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Glovebox.Jupyter.launcher.py")
            ?? throw new InvalidOperationException("The launcher is missing.");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}

/// <summary>The output of a server: a line says that it is ready; the end of its complaints is kept.</summary>
internal sealed class ServerLog : IOutputSink
{
    private const int KeptLines = 5;

    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly BoundedText _errors = new(OutputStream.StandardError);

    /// <summary>Completes when the server takes connections.</summary>
    public Task Ready => _ready.Task;

    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
        _errors.Write(stream, data);
        if (stream == OutputStream.StandardOutput)
        {
            // The first thing that it prints.
            _ready.TrySetResult();
        }
    }

    /// <summary>Gets the last lines of its complaints, for a message; empty without any.</summary>
    public string LastLines() => string.Concat(_errors.LastLines(KeptLines).Select(l => "\n  " + l));
}
