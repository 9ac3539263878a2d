using System.Net;

namespace Glovebox.Environments;

/// <summary>What an environment with a guest agent offers for servers that run in it (<see cref="GuestCommand.IsService"/>).</summary>
internal interface IServiceHost
{
    /// <summary>Connects to a Unix socket or to a port of the loopback inside the environment. The caller disposes the connection.</summary>
    /// <param name="endPoint">A <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/> with an absolute path, or an <see cref="IPEndPoint"/> of 127.0.0.1.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">Nothing listens there.</exception>
    /// <exception cref="EnvironmentLostException">The environment has ended.</exception>
    Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken);

    /// <summary>Ends every process of the environment but the services and what descends from them.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="EnvironmentLostException">The environment has ended.</exception>
    Task EndAllButServicesAsync(CancellationToken cancellationToken);

    /// <summary>Whether a process was ended for want of memory since this was last asked.</summary>
    /// <param name="isExpected">Whether there is reason to wait a moment for the news.</param>
    ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected);
}
