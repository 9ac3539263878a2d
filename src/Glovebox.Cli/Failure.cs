using Glovebox.Cli.Output;

namespace Glovebox.Cli;

/// <summary>Reports an error and gives its exit code.</summary>
internal static class Failure
{
    /// <summary>Reports an error: on standard output as JSON, else on standard error.</summary>
    /// <returns>The exit code.</returns>
    public static int Report(Exception error, bool json, TerminationSignals signals)
    {
        (int exitCode, JsonError? said) = Explain(error, signals);
        if (said is not null)
        {
            Say(said, json, signals.Token.IsCancellationRequested);
        }

        return exitCode;
    }

    private static (int ExitCode, JsonError? Said) Explain(Exception error, TerminationSignals signals) => error switch
    {
        // An error that follows from ending the code is not reported.
        OperationCanceledException or CodeExecutionException when signals.Token.IsCancellationRequested =>
            (signals.ExitCode, new("cancelled", "The run was cancelled; its code was ended.", null)),
        CliException e => (e.ExitCode, new(e.Code, e.Message, e.Hint)),
        CodeExecutionException e => (ExitCodes.CouldNotRun, new(e.Code, e.Message, e.Hint)),
        OutputClosedException => (ExitCodes.OutputClosed, null),
        ArgumentException e => (ExitCodes.WrongUsage, new("usage", WithoutParameter(e), null)),
        _ => (
            ExitCodes.CouldNotRun,
            new("internal-error", error.ToString(), "This is a defect of Glovebox: please report it with the lines above.")),
    };

    /// <summary>.NET appends the parameter's name, which tells the user of the tool nothing.</summary>
    private static string WithoutParameter(ArgumentException e) =>
        e.ParamName is null ? e.Message : e.Message.Replace($" (Parameter '{e.ParamName}')", "", StringComparison.Ordinal);

    private static void Say(JsonError error, bool json, bool isSignalled)
    {
        try
        {
            if (json)
            {
                StandardStream.Output.Write(new JsonFailure(error).ToJson() + "\n");
                return;
            }

            // At a terminal, Ctrl-C has left ^C on the line.
            string start = isSignalled && StandardStream.Error.IsTerminal ? "\n" : "";
            string text = $"{start}glovebox: {error.Message}\n{(error.Hint is null ? "" : error.Hint + "\n")}";
            StandardStream.Error.Write(new TerminalText(passesColours: false).Clean(text));
        }
        catch (Exception e) when (e is OutputClosedException or CliException)
        {
            // There is nowhere left to say it; the exit code does.
        }
    }
}
