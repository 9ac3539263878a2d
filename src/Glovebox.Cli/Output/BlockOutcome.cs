namespace Glovebox.Cli.Output;

/// <summary>How a block ended, in a few words.</summary>
internal static class BlockOutcome
{
    public static string Describe(BlockResult result) => result.Termination switch
    {
        TerminationReason.TimedOut => "timed out",
        TerminationReason.OutOfMemory => "out of memory",
        TerminationReason.SandboxLost => "its sandbox ended",
        TerminationReason.NotStarted => "not started",
        TerminationReason.Denied => "not approved",
        TerminationReason.Skipped => "skipped",
        TerminationReason.Signaled when result.ExitCode > 128 => $"ended by signal {result.ExitCode - 128}",
        _ => $"exit code {result.ExitCode}",
    };
}
