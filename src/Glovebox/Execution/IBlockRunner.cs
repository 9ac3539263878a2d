namespace Glovebox.Execution;

/// <summary>Runs the blocks of an executor: as processes of a sandbox, or as cells of a kernel. Starts what it needs for that, and starts
/// it again after a stop or a loss.</summary>
/// <remarks><see cref="StartAsync"/> and <see cref="StopAsync"/> are never called at the same time, nor <see cref="RunAsync"/> in the same
/// turn, but a stop may come while a block is killed.</remarks>
internal interface IBlockRunner : IAsyncDisposable
{
    /// <summary>The kind of the sandbox in one lower-case word.</summary>
    string Kind { get; }

    /// <summary>Whether blocks share the state of a living interpreter.</summary>
    bool SharesState { get; }

    /// <summary>Whether it has been started, and has neither been stopped nor been lost since.</summary>
    bool IsRunning { get; }

    /// <summary>What is enforced. Only while it is started.</summary>
    SandboxCapabilities Capabilities { get; }

    /// <summary>The files of the work directory. Only while it is started.</summary>
    IWorkspace Files { get; }

    /// <summary>The languages of blocks. May change with a start.</summary>
    LanguageRegistry Languages { get; }

    /// <summary>The sandbox that was started; null where blocks run in none, or none is started.</summary>
    ISandbox? Sandbox { get; }

    /// <summary>Gets what an execution waits for before its first block: those that share a turn run one after another.</summary>
    /// <exception cref="CodeExecutionException">There is no such context.</exception>
    Turn TurnFor(CodeExecutionOptions options);

    /// <summary>Starts what blocks need. The files of the work directory are kept.</summary>
    /// <exception cref="CodeExecutionException">It cannot be started, or cannot enforce what was asked for.</exception>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Ends what was started, with all that runs in it.</summary>
    Task StopAsync();

    /// <summary>Runs a block until it has ended.</summary>
    Task<BlockEnd> RunAsync(BlockRun run);
}

/// <summary>A block that is to run.</summary>
/// <param name="Index">Its place among the blocks of the execution.</param>
/// <param name="Block">The block.</param>
/// <param name="Options">The options of the execution.</param>
/// <param name="Files">The look at the files before the block, which its program waits for, and a place to put one taken at its end. Null:
/// no look.</param>
/// <param name="Output">Gets what it prints and shows. The caller completes it.</param>
/// <param name="Kill">Ends the block; the caller decides what that means.</param>
internal sealed record BlockRun(
    int Index, CodeBlock Block, CodeExecutionOptions Options, ProducedFiles? Files, OutputCollector Output, CancellationToken Kill);

/// <summary>How a block ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Termination">In which way it ended.</param>
/// <param name="Notice">A line that the output ends with, or null.</param>
internal sealed record BlockEnd(int ExitCode, TerminationReason Termination, string? Notice)
{
    /// <summary>Where its code was saved, or null.</summary>
    public string? CodeFile { get; init; }

    /// <summary>How long the block waited for the look at the files, which is not its time.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>Whether what earlier blocks defined is lost.</summary>
    public bool StateLost { get; init; }

    /// <summary>How many blocks of the context, this one included, are undone.</summary>
    public int UndoneBlocks { get; init; }

    /// <summary>What no checkpoint would bring back.</summary>
    public IReadOnlyList<string> NotInCheckpoint { get; init; } = [];

    /// <summary>What it showed.</summary>
    public IReadOnlyList<DisplayOutput> Displays { get; init; } = [];

    /// <summary>Whether something that it showed was left out.</summary>
    public bool IsTruncated { get; init; }

    /// <summary>The end of a block whose code cannot be saved.</summary>
    public static BlockEnd NotSaved(WorkspaceException error) =>
        new(1, TerminationReason.NotStarted, error.IsPathRefused ? "Filename is not in the workspace" : error.Message);
}
