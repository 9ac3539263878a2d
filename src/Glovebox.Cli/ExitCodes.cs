namespace Glovebox.Cli;

/// <summary>The tool's own exit codes; any other is the program's.</summary>
internal static class ExitCodes
{
    public const int WrongUsage = 2;

    /// <summary>Glovebox itself could not run the code.</summary>
    public const int CouldNotRun = 125;

    /// <summary>128 + SIGINT, as a shell has it.</summary>
    public const int Interrupted = 130;

    /// <summary>128 + SIGTERM.</summary>
    public const int Terminated = 143;
}
