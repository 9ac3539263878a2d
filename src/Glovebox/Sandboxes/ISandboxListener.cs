using System.Net;

namespace Glovebox.Sandboxes;

/// <summary>A socket inside a sandbox to which guest code connects to reach the host. What comes over it is hostile.</summary>
/// <remarks>Disposing it ends the listening, and the connections that were not taken. Connections that were taken go on.</remarks>
public interface ISandboxListener : IAsyncDisposable
{
    /// <summary>Gets where guest code connects: for a port that was left open, with the number that was chosen.</summary>
    EndPoint EndPoint { get; }

    /// <summary>Waits for the next connection. The caller disposes it.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ObjectDisposedException">The listener is disposed.</exception>
    /// <exception cref="SandboxLostException">The sandbox has ended.</exception>
    Task<Stream> AcceptAsync(CancellationToken cancellationToken = default);
}
