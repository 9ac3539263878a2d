namespace Glovebox.Sandboxes;

/// <summary>A process that was started in a sandbox.</summary>
public interface ISandboxProcess
{
    /// <summary>Gets a task that completes when the process has ended. All that it printed before has been handed to the sink of its
    /// request by then. Processes that it left in the background live on.</summary>
    /// <exception cref="WorkspaceException">The file of the request cannot be saved; nothing was run.</exception>
    /// <exception cref="SandboxLostException">The sandbox failed by no doing of the program.</exception>
    Task<ProcessExit> Ended { get; }

    /// <summary>Ends the process and everything that it started, by SIGKILL if need be. <see cref="Ended"/> completes within a second; the
    /// sandbox may have ended by then. Does nothing when the process has ended.</summary>
    void Kill();
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
