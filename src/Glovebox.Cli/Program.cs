using System.CommandLine;
using System.Runtime.InteropServices;
using Glovebox.Cli.Doctor;
using Glovebox.Cli.Output;
using Glovebox.Cli.Run;

namespace Glovebox.Cli;

/// <summary>The tool.</summary>
internal static class Program
{
    /// <summary>The exit code that says which signal ended the tool.</summary>
    public static int Signalled { get; private set; } = ExitCodes.Interrupted;

    public static async Task<int> Main(string[] args)
    {
        using CancellationTokenSource ended = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => End(c, ExitCodes.Interrupted));
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => End(c, ExitCodes.Terminated));
        RootCommand root = new("Runs code that a language model wrote, isolated.") { RunCommand.Create(), DoctorCommand.Create() };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            RunSession.Fail(args.Contains("--json"), new JsonError("usage", string.Join(" ", parsed.Errors.Select(e => e.Message)), "See: glovebox --help"));
            return ExitCodes.WrongUsage;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false }, ended.Token).ConfigureAwait(false);

        void End(PosixSignalContext context, int exitCode)
        {
            // The sandbox is ended before the tool is.
            context.Cancel = true;
            Signalled = exitCode;
            ended.Cancel();
        }
    }
}
