namespace Glovebox.Cli;

/// <summary>The tool's own exit codes; any other is the program's.</summary>
internal static class ExitCodes
{
    public const int WrongUsage = 2;

    /// <summary>Glovebox itself could not run the code.</summary>
    public const int CouldNotRun = 125;

    /// <summary>128 + SIGPIPE: the reader of the output is gone, so the programs were ended.</summary>
    public const int OutputClosed = 141;

    /// <summary>The exit code that a shell reports for a program that a signal ended.</summary>
    public static int Signalled(int signal) => 128 + signal;
}
