using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Glovebox.Tests.Cli.Support;

/// <summary>The built tool, run as a process of its own with its own folder for temporary files.</summary>
internal sealed class Tool : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Names of what was not there before a test are looked for in here.</summary>
    private readonly TestFolder _temporary = new();

    private readonly Dictionary<string, string?> _variables = new(StringComparer.Ordinal)
    {
        ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..")),

        // Whether an engine runs here makes no difference.
        ["DOCKER_HOST"] = "unix:///nowhere.sock",
        ["LANG"] = "C.UTF-8",
        ["LC_ALL"] = null,
        ["NO_COLOR"] = null,

        // The Python that makes a terminal would choose another locale for the tool.
        ["PYTHONCOERCECLOCALE"] = "0",
        ["TERM"] = "xterm-256color",
    };

    public Tool()
    {
        // The sandbox may run as another user, who has to enter.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(
                _temporary.Path, File.GetUnixFileMode(_temporary.Path) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }

        _variables["TMPDIR"] = _temporary.Path;
    }

    /// <summary>The executable: the one beside the tests, or the one that GLOVEBOX_TOOL names, such as one compiled ahead of
    /// time.</summary>
    public static string Executable { get; } =
        Environment.GetEnvironmentVariable("GLOVEBOX_TOOL") ?? Path.Combine(AppContext.BaseDirectory, "glovebox");

    /// <summary>The tool's environment variables, as far as they differ from the tests' own; null takes one away.</summary>
    public IReadOnlyDictionary<string, string?> Variables => _variables;

    /// <summary>What the tool left in its folder for temporary files.</summary>
    public IEnumerable<string> Leavings => _temporary.Entries();

    /// <summary>Sets an environment variable, or with null takes it away.</summary>
    public Tool With(string variable, string? value)
    {
        _variables[variable] = value;
        return this;
    }

    /// <summary>Runs the tool with an empty standard input and pipes for its output.</summary>
    public Task<ToolResult> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    /// <summary>Runs the tool on what comes through a pipe.</summary>
    public Task<ToolResult> RunWithInputAsync(string input, params string[] arguments) =>
        RunWithInputAsync(Encoding.UTF8.GetBytes(input), arguments);

    public async Task<ToolResult> RunWithInputAsync(byte[] input, params string[] arguments)
    {
        using ToolProcess process = Start([Executable, .. arguments]);
        await process.WriteAsync(input);
        return await process.EndAsync();
    }

    /// <summary>Runs a shell script in which the tool is <c>$TOOL</c>, and its arguments are <c>$1</c> and so on.</summary>
    public async Task<ToolResult> ShellAsync(string script, params string[] arguments)
    {
        using ToolProcess process = Start(["bash", "-c", script, "bash", .. arguments]);
        return await process.EndAsync();
    }

    /// <summary>Starts the tool at a terminal of its own.</summary>
    public ToolProcess StartAtTerminal(int columns, params string[] arguments) =>
        StartCommandAtTerminal(columns, [Executable, .. arguments]);

    /// <summary>Starts a shell script at a terminal of its own; see <see cref="ShellAsync"/>.</summary>
    public ToolProcess StartShellAtTerminal(string script, params string[] arguments) =>
        StartCommandAtTerminal(80, ["bash", "-c", script, "bash", .. arguments]);

    /// <summary>Runs the tool at a terminal of its own to its end.</summary>
    public async Task<ToolResult> RunAtTerminalAsync(int columns, params string[] arguments)
    {
        using ToolProcess process = StartAtTerminal(columns, arguments);
        return await process.EndAsync();
    }

    public ToolProcess Start(IReadOnlyList<string> command)
    {
        // A script that runs the tests in the background has them ignore Ctrl-C, and what they start, too.
        ProcessStartInfo info = new("env", ["--default-signal=INT,QUIT", .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            StandardErrorEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        info.Environment["TOOL"] = Executable;
        foreach ((string name, string? value) in _variables)
        {
            info.Environment[name] = value;
        }

        return new ToolProcess(Process.Start(info)!, Longest);
    }

    public void Dispose() => _temporary.Dispose();

    private ToolProcess StartCommandAtTerminal(int columns, IEnumerable<string> command)
    {
        // What the child writes to its terminal comes out of standard output, and standard input is what is typed.
        const string program = """
            import os, pty, sys
            script = 'stty cols "$0" rows 24 && exec "$@"'
            status = pty.spawn(["sh", "-c", script, *sys.argv[1:]])
            sys.exit(os.waitstatus_to_exitcode(status))
            """;
        return Start(["python3", "-c", program, columns.ToString(System.Globalization.CultureInfo.InvariantCulture), .. command]);
    }
}

/// <summary>What a run of the tool came to.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Errors)
{
    /// <summary>The lines of the output, whatever ends them.</summary>
    public string[] Lines => Output.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
}
