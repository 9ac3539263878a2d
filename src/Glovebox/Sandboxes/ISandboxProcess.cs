namespace Glovebox.Sandboxes;

/// <summary>A process that was started in a sandbox.</summary>
/// <remarks>Members may be called from any thread, and at the same time: writes come one after another, each whole. Nothing has to be
/// disposed; a process that is not ended runs until its sandbox ends.</remarks>
public interface ISandboxProcess
{
    /// <summary>Gets the id, by which <see cref="SandboxExtensions.FindProcess"/> finds it again. No other process of the sandbox has had
    /// it. It is not the id that the guest's kernel gave it.</summary>
    int Id { get; }

    /// <summary>Gets the first name of its program, as the request has it.</summary>
    string Program { get; }

    /// <summary>Gets whether it has a terminal (<see cref="ProcessRequest.Terminal"/>).</summary>
    bool HasTerminal { get; }

    /// <summary>Gets when it was started, by this machine's clock.</summary>
    DateTimeOffset StartedAt { get; }

    /// <summary>Gets a task that completes when the process has ended. All that it printed before has been handed to the sink of its
    /// request by then. Processes that it left in the background live on.</summary>
    /// <exception cref="WorkspaceException">The file of the request cannot be saved; nothing was run.</exception>
    /// <exception cref="SandboxLostException">The sandbox failed by no doing of the program.</exception>
    Task<ProcessExit> Ended { get; }

    /// <summary>Ends the process and everything that it started, by SIGKILL if need be. <see cref="Ended"/> completes within a second; the
    /// sandbox may have ended by then. Does nothing when the process has ended.</summary>
    /// <remarks>Because a daemon cannot be told from another, this ends <i>every</i> process of the sandbox but services and processes in
    /// the background. Of a process in the background (<see cref="ProcessRequest.IsBackground"/>) it ends that alone, with its
    /// daemons.</remarks>
    void Kill();

    /// <summary>Writes to the standard input, or types at the terminal. Completes when the bytes are on their way: where the program does
    /// not read, at most 512 KiB are, and the rest waits.</summary>
    /// <param name="data">The bytes. At a terminal, <c>\x03</c> is Ctrl-C.</param>
    /// <param name="cancellationToken">Gives up. A part of the bytes may have been written.</param>
    /// <exception cref="InvalidOperationException">The standard input was not left open
    /// (<see cref="ProcessRequest.KeepsInputOpen"/>), or was closed.</exception>
    /// <exception cref="IOException">The process has ended, or reads no more.</exception>
    Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default);

    /// <summary>Ends the standard input: the program reads its end after what was written. At a terminal it types Ctrl-D, which a program
    /// takes for the end at the beginning of a line. Does nothing when that was done, or the process has ended.</summary>
    /// <param name="cancellationToken">Gives up waiting for a write that goes on.</param>
    /// <exception cref="InvalidOperationException">The standard input was not left open.</exception>
    Task CloseInputAsync(CancellationToken cancellationToken = default);

    /// <summary>Sends a signal to the process and to what is in its process group: what it started and what has not left that. On the host
    /// itself, only a process with a terminal has a group.</summary>
    /// <param name="signal">Which one: a name, or any number from 1 to 64.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    /// <returns>Whether it was sent. False: the process has ended.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such signal.</exception>
    /// <exception cref="SandboxUnavailableException">The sandbox has no guest agent, and sends no signals.</exception>
    /// <exception cref="SandboxLostException">The sandbox has ended.</exception>
    Task<bool> SignalAsync(ProcessSignal signal, CancellationToken cancellationToken = default);

    /// <summary>Gives the terminal another size, which its programs hear of by <see cref="ProcessSignal.WindowChanged"/>. Does nothing when
    /// the process has ended.</summary>
    /// <param name="size">The size.</param>
    /// <param name="cancellationToken">Gives up waiting for the answer.</param>
    /// <exception cref="InvalidOperationException">The process has no terminal.</exception>
    /// <exception cref="SandboxLostException">The sandbox has ended.</exception>
    Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken = default);

    /// <summary>Listens to the output: first comes what it printed last (<see cref="ProcessRequest.OutputBacklog"/>), then what it
    /// prints, until it has ended. There can be any number of listeners, at any time, also after the end. At most 1 MiB, or
    /// as much as the backlog, waits for a listener; one that falls behind misses what is older, and is told how much
    /// (<see cref="ProcessOutput.Missed"/>). No listener holds up the process or another listener.</summary>
    /// <param name="cancellationToken">Ends the listening.</param>
    /// <exception cref="InvalidOperationException">The process was started with an <see cref="ProcessRequest.OutputBacklog"/> of
    /// 0.</exception>
    IAsyncEnumerable<ProcessOutput> ReadOutputAsync(CancellationToken cancellationToken = default);
}

/// <summary>How a process ended.</summary>
/// <param name="kind">In which way.</param>
/// <param name="exitCode">The exit code as a shell would give it: 128 + N for signal N, 127 for a missing program.</param>
/// <param name="message">What there is to say in words, or null.</param>
public sealed class ProcessExit(ProcessExitKind kind, int exitCode, string? message = null)
{
    /// <summary>Gets in which way it ended.</summary>
    public ProcessExitKind Kind => kind;

    /// <summary>Gets the exit code as a shell would give it: 128 + N for signal N, 127 for a missing program.</summary>
    public int ExitCode => exitCode;

    /// <summary>Gets what there is to say in words, or null.</summary>
    public string? Message => message;

    /// <summary>Gives the files as they were when the program had ended. Null: they were not asked for, or it did not end by
    /// itself.</summary>
    internal Func<CancellationToken, Task<WorkspaceListing>>? ListFiles { get; set; }
}

/// <summary>In which way a process ended.</summary>
public enum ProcessExitKind
{
    /// <summary>By itself.</summary>
    Exited,

    /// <summary>By a signal that the sandbox did not send.</summary>
    Signaled,

    /// <summary>By <see cref="ISandboxProcess.Kill"/>.</summary>
    Killed,

    /// <summary>By the kernel, because memory was used up.</summary>
    OutOfMemory,

    /// <summary>It did not start: there is no such program.</summary>
    NotFound,

    /// <summary>It did not start for another reason, given in the message.</summary>
    NotStarted,

    /// <summary>The sandbox ended with it.</summary>
    SandboxLost,
}
