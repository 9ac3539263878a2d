namespace Glovebox.Environments;

/// <summary>A place where processes run: the host, a bubblewrap sandbox, a container.</summary>
/// <remarks>
/// Everything about languages, code files, timeouts and results stands above this; everything about namespaces and containers below.
/// <see cref="StartAsync"/> and <see cref="StopAsync"/> are never called at the same time; the other members may be called from any
/// thread while the environment runs.
/// </remarks>
public interface IExecutionEnvironment : IAsyncDisposable
{
    /// <summary>The kind in one lower-case word: <c>local</c>, <c>bubblewrap</c>, <c>docker</c>.</summary>
    string Kind { get; }

    /// <summary>Whether the environment has been started and has neither been stopped nor been lost since.</summary>
    bool IsRunning { get; }

    /// <summary>The work directory as guest code sees it.</summary>
    string WorkDirectory { get; }

    /// <summary>What is enforced. Complete once the environment has been started.</summary>
    EnvironmentCapabilities Capabilities { get; }

    /// <summary>The files of the work directory.</summary>
    IWorkspace Files { get; }

    /// <summary>Starts the environment. A start after a stop or a loss keeps the files of the work directory.</summary>
    /// <param name="cancellationToken">Gives up; what had been started is ended.</param>
    /// <exception cref="CodeExecutionException">The environment cannot be started, or cannot enforce what was asked for.</exception>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Ends every process of the environment. A running <see cref="RunAsync"/> returns.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Runs a program in the work directory until it ends, with an empty standard input.</summary>
    /// <param name="command">What to run.</param>
    /// <param name="output">Gets what it prints.</param>
    /// <param name="kill">Ends the program and everything that it started, on SIGKILL if need be. The call still returns an exit, within
    /// a second; the environment may be lost by then.</param>
    /// <returns>How the program ended. All that it printed before it ended has been handed to <paramref name="output"/>.
    /// Processes that it left in the background live on.</returns>
    /// <exception cref="EnvironmentLostException">The environment failed by no doing of the program.</exception>
    Task<ProcessExit> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill);
}

/// <summary>Gets what a program prints, as it prints it.</summary>
public interface IOutputSink
{
    /// <summary>Takes a piece of output. Must not block; may be called from several threads, one piece at a time for each stream.</summary>
    /// <param name="stream">Where it was printed.</param>
    /// <param name="data">The bytes, valid only during the call.</param>
    void Write(OutputStream stream, ReadOnlySpan<byte> data);
}

/// <summary>A program to run.</summary>
/// <param name="Programs">Names of the program, in order of preference; the first that exists on the guest's PATH is taken.</param>
/// <param name="Arguments">Its arguments.</param>
public sealed record GuestCommand(IReadOnlyList<string> Programs, IReadOnlyList<string> Arguments)
{
    /// <summary>The Python script, relative to the work directory, when the command is Python running a script without options, so that
    /// a fork server may run it; else null.</summary>
    public string? PythonScript { get; init; }

    /// <summary>Whether this is a server that other programs use: killing one of them leaves it, and what it started, alive.</summary>
    internal bool IsService { get; init; }

    /// <summary>A file to save before the program starts, for an environment whose <see cref="IExecutionEnvironment.Files"/> are a
    /// <see cref="Guest.GuestWorkspace"/>: one exchange does both.</summary>
    internal CodeFileContent? CodeFile { get; init; }

    /// <summary>Whether <see cref="ProcessExit.ListFiles"/> is wanted, in such an environment.</summary>
    internal bool ListsFiles { get; init; }
}

/// <summary>A file to save.</summary>
/// <param name="Path">Relative to the work directory.</param>
/// <param name="Content">At most <see cref="Guest.GuestWorkspace.ChunkSize"/> bytes.</param>
internal sealed record CodeFileContent(string Path, ReadOnlyMemory<byte> Content);

/// <summary>How a program ended.</summary>
/// <param name="Kind">In which way.</param>
/// <param name="ExitCode">The exit code as a shell would give it: 128 + N for signal N, 127 for a missing program.</param>
/// <param name="Message">What there is to say in words, or null.</param>
public sealed record ProcessExit(ProcessExitKind Kind, int ExitCode, string? Message = null)
{
    /// <summary>Gives the files as they were when the program had ended. Null: they were not asked for, or it did not end by itself.</summary>
    internal Func<CancellationToken, Task<WorkspaceListing>>? ListFiles { get; init; }
}

/// <summary>In which way a program ended.</summary>
public enum ProcessExitKind
{
    /// <summary>By itself.</summary>
    Exited,

    /// <summary>By a signal that the environment did not send.</summary>
    Signaled,

    /// <summary>Because the kill token asked for it.</summary>
    Killed,

    /// <summary>By the kernel, because memory was used up.</summary>
    OutOfMemory,

    /// <summary>It did not start: no such program.</summary>
    NotFound,

    /// <summary>It did not start for another reason, given in the message.</summary>
    NotStarted,

    /// <summary>The environment ended with it.</summary>
    EnvironmentLost,
}
