namespace Glovebox.Cli;

/// <summary>An error that the user can correct, with a message for them.</summary>
/// <param name="exitCode">The tool's exit code.</param>
/// <param name="code">A short stable name.</param>
/// <param name="message">What is wrong.</param>
/// <param name="hint">What to do, or null.</param>
internal sealed class CliException(int exitCode, string code, string message, string? hint = null) : Exception(message)
{
    public int ExitCode => exitCode;

    public string Code => code;

    public string? Hint => hint;

    public static CliException Usage(string message, string? hint = null) => new(ExitCodes.WrongUsage, "usage", message, hint);

    public static CliException CouldNotRun(string code, string message, string? hint = null) =>
        new(ExitCodes.CouldNotRun, code, message, hint);
}
