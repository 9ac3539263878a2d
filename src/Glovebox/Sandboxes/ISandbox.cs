using System.Net;

namespace Glovebox.Sandboxes;

/// <summary>A started sandbox: a place that has processes, files and ports.</summary>
/// <remarks>Members may be called from any thread. Disposing ends every process of the sandbox; when it returns they are gone.</remarks>
public interface ISandbox : IAsyncDisposable
{
    /// <summary>Gets the kind of its provider.</summary>
    string Kind { get; }

    /// <summary>Gets the work directory as guest code sees it.</summary>
    string WorkDirectory { get; }

    /// <summary>Gets what is enforced, and how.</summary>
    SandboxCapabilities Capabilities { get; }

    /// <summary>Gets a task that completes when the sandbox is gone, for whatever reason. It never fails.</summary>
    Task Ended { get; }

    /// <summary>Gets the files of the work directory, reached with no more rights than guest code has.</summary>
    IWorkspace Workspace { get; }

    /// <summary>Gets all files, reached with the rights of guest code.</summary>
    ISandboxFiles Files { get; }

    /// <summary>Gets the processes that were started here and still run, the oldest first. What they have started themselves is not among
    /// them.</summary>
    IReadOnlyList<ISandboxProcess> Processes { get; }

    /// <summary>Starts a program.</summary>
    /// <param name="request">The program, and what belongs to its run.</param>
    /// <param name="cancellationToken">Gives up the start. A process that has started is ended by <see cref="ISandboxProcess.Kill"/>
    /// alone.</param>
    /// <returns>The process. A program that does not exist is a process that has ended (<see cref="ProcessExitKind.NotFound"/>).</returns>
    /// <exception cref="WorkspaceException">The file of the request cannot be saved. <see cref="ISandboxProcess.Ended"/> may fail with it
    /// instead.</exception>
    /// <exception cref="ArgumentException">The request holds what no program can have: a NUL in an argument, say.</exception>
    /// <exception cref="SandboxUnavailableException">The sandbox has no guest agent, and so no open standard input, no terminals and no
    /// processes in the background.</exception>
    /// <exception cref="SandboxLostException">The sandbox has ended.</exception>
    Task<ISandboxProcess> StartProcessAsync(ProcessRequest request, CancellationToken cancellationToken = default);

    /// <summary>Connects to a server inside the sandbox. The caller disposes the connection.</summary>
    /// <param name="endPoint">A <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/> with an absolute path, or an
    /// <see cref="IPEndPoint"/> of 127.0.0.1.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">Nothing listens there.</exception>
    /// <exception cref="SandboxLostException">The sandbox has ended, or has no guest agent.</exception>
    Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken = default);

    /// <summary>Listens at a socket inside, by which guest code reaches the host. There is no other way. The caller disposes the
    /// listener.</summary>
    /// <param name="endPoint">A <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/> with an absolute path, where guest code's user
    /// can make one, or an <see cref="IPEndPoint"/> of 127.0.0.1, with port 0 for any.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The place is taken, or cannot be had.</exception>
    /// <exception cref="SandboxLostException">The sandbox has ended, or has no guest agent.</exception>
    Task<ISandboxListener> ListenAsync(EndPoint endPoint, CancellationToken cancellationToken = default);

    /// <summary>Ends every process but services (<see cref="ProcessRequest.IsService"/>), those in the background
    /// (<see cref="ProcessRequest.IsBackground"/>) and what descends from them.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="SandboxLostException">The sandbox has ended, or has no guest agent.</exception>
    Task EndProcessesAsync(CancellationToken cancellationToken = default);

    /// <summary>Tells whether a process was ended because memory ran out since this was last asked.</summary>
    /// <param name="isExpected">Whether there is reason to wait a moment for the news.</param>
    ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected);
}
