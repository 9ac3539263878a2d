using System.Text.Json.Serialization;

namespace Glovebox;

/// <summary>How one code block ended.</summary>
public sealed class BlockResult
{
    /// <summary>Gets the block, under its language's canonical name where that is known.</summary>
    public required CodeBlock Block { get; init; }

    /// <summary>Gets the language's canonical name, or the name as given when it is unknown.</summary>
    public required string Language { get; init; }

    /// <summary>Gets the program's exit code: 128 + N when signal N ended it; 124 when it timed out; 126 or 127 when its interpreter cannot
    /// be run or is missing; 1 when Glovebox refused the block.</summary>
    public required int ExitCode { get; init; }

    /// <summary>Gets standard output and standard error in order of arrival, with Glovebox's own notices on lines of their own.</summary>
    public string Output { get; init; } = "";

    /// <summary>Gets standard output. Where its middle was dropped, a line <c>[... N bytes dropped ...]</c> stands there; when only
    /// standard error lost bytes, this is as it was printed.</summary>
    public string StandardOutput { get; init; } = "";

    /// <summary>Gets standard error, with Glovebox's own notices.</summary>
    public string StandardError { get; init; } = "";

    /// <summary>Gets the time from saving the code to the end.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Gets whether the executor ended the block at its time-out. A program's own exit code 124 does not count.</summary>
    public bool TimedOut => Termination == TerminationReason.TimedOut;

    /// <summary>Gets whether the middle of the output was dropped, see <see cref="ExecutionPolicy.MaxOutput"/>.</summary>
    public bool Truncated { get; init; }

    /// <summary>Gets why the block ended.</summary>
    public TerminationReason Termination { get; init; }

    /// <summary>Gets whether the kernel or interpreter ended with the block, so that what earlier blocks defined is gone.</summary>
    public bool StateLost { get; init; }

    /// <summary>Gets how many blocks of the context, this one the last, are undone because this one ended its interpreter or had to be
    /// ended with it: the context goes on from a checkpoint before them. Files are not undone. 0: none is.</summary>
    public int UndoneBlocks { get; init; }

    /// <summary>Gets what the context holds that no checkpoint would bring back if the next block were undone, in words:
    /// <c>threads</c>, <c>child processes</c>, <c>background jobs</c>, <c>asyncio tasks</c>, <c>GPU memory</c>, or blocks after which no
    /// checkpoint was made because it would have been too large or too slow.</summary>
    public IReadOnlyList<string> NotInCheckpoint { get; init; } = [];

    /// <summary>Gets the path of the code file, relative to the work directory; null when none was written.</summary>
    public string? CodeFile { get; init; }

    /// <summary>Gets the files that the block made or changed in the work directory, without code files.</summary>
    public IReadOnlyList<WorkspaceFile> OutputFiles { get; init; } = [];

    /// <summary>Gets the paths of the files that the block deleted from the work directory, or gave another name, sorted, without code
    /// files.</summary>
    public IReadOnlyList<string> DeletedFiles { get; init; } = [];

    /// <summary>Gets whether <see cref="OutputFiles"/> and <see cref="DeletedFiles"/> are all. They are not where the work directory
    /// holds more than a listing sees (<see cref="WorkspaceListing.IsComplete"/>), or where the sandbox ended before it was looked at.
    /// True, too, where an executor looks at no files, as at a Jupyter server's URL. The default is true.</summary>
    public bool AreOutputFilesComplete { get; init; } = true;

    /// <summary>Gets what the block displayed.</summary>
    public IReadOnlyList<DisplayOutput> Displays { get; init; } = [];
}

/// <summary>Why a block ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TerminationReason>))]
public enum TerminationReason
{
    /// <summary>The program ended by itself.</summary>
    Exited,

    /// <summary>A signal ended the program.</summary>
    Signaled,

    /// <summary>The executor ended the program at its time-out.</summary>
    TimedOut,

    /// <summary>The program ran out of memory.</summary>
    OutOfMemory,

    /// <summary>The sandbox ended with the program. The next execution has a fresh one.</summary>
    SandboxLost,

    /// <summary>No program was started: the language is unknown, its interpreter is missing, or the file name was refused.</summary>
    NotStarted,

    /// <summary>The block was not approved.</summary>
    Denied,

    /// <summary>The block is no code, and was passed over: see <see cref="CommandLineCodeExecutorOptions.SkippedLanguages"/>.</summary>
    Skipped,
}
