namespace Glovebox;

/// <summary>How one code block ended.</summary>
public sealed record BlockResult
{
    /// <summary>The block, under its language's canonical name where that is known.</summary>
    public required CodeBlock Block { get; init; }

    /// <summary>The language's canonical name, or the name as given when it is unknown.</summary>
    public required string Language { get; init; }

    /// <summary>The program's exit code; 128 + N when signal N ended it; 124 when its time ran out; 126 or 127 when its interpreter
    /// cannot be run or is missing; 1 when Glovebox refused the block.</summary>
    public required int ExitCode { get; init; }

    /// <summary>Standard output and standard error in order of arrival, with what Glovebox has to say of the block on lines of its
    /// own.</summary>
    public string Output { get; init; } = "";

    /// <summary>Standard output alone.</summary>
    public string StandardOutput { get; init; } = "";

    /// <summary>Standard error alone, with what Glovebox has to say of the block.</summary>
    public string StandardError { get; init; } = "";

    /// <summary>From the block's first step (saving its code) to its end.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Whether the executor ended the block because its time had run out. A program's own exit code 124 does not count.</summary>
    public bool TimedOut => Termination == TerminationReason.TimedOut;

    /// <summary>Whether the middle of the output was dropped because there was more than <see cref="ExecutionPolicy.MaxOutput"/>.</summary>
    public bool Truncated { get; init; }

    /// <summary>Why the block ended.</summary>
    public TerminationReason Termination { get; init; }

    /// <summary>Whether the kernel that held what earlier blocks had defined is gone: it died, or it had to be ended with the block. Always
    /// false where each block is a process of its own.</summary>
    public bool StateLost { get; init; }

    /// <summary>The file that held the code, relative to the work directory; null when none was written.</summary>
    public string? CodeFile { get; init; }

    /// <summary>The files of the work directory that were made or changed while the block ran, code files aside.</summary>
    public IReadOnlyList<WorkspaceFile> OutputFiles { get; init; } = [];

    /// <summary>What the block showed.</summary>
    public IReadOnlyList<DisplayOutput> Displays { get; init; } = [];
}

/// <summary>Why a block ended.</summary>
public enum TerminationReason
{
    /// <summary>The program ended by itself.</summary>
    Exited,

    /// <summary>A signal ended the program.</summary>
    Signaled,

    /// <summary>The executor ended the program because its time had run out.</summary>
    TimedOut,

    /// <summary>The kernel ended the program because the sandbox's memory was used up.</summary>
    OutOfMemory,

    /// <summary>The sandbox ended under the program. The next execution has a fresh one.</summary>
    SandboxLost,

    /// <summary>No program was started: the language is unknown, its interpreter is missing, or the file name was refused.</summary>
    NotStarted,

    /// <summary>The block was not approved.</summary>
    Denied,
}
