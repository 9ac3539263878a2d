using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Glovebox.Sandboxes.Agent;

/// <content>Connections to servers inside the environment.</content>
internal sealed partial class AgentClient
{
    private readonly ConcurrentDictionary<uint, GuestTunnelStream> _tunnels = new();

    /// <summary>Connects to a Unix socket or to a port of the loopback inside the environment.</summary>
    /// <param name="endPoint">A <see cref="UnixDomainSocketEndPoint"/> with an absolute path, or an <see cref="IPEndPoint"/> of the loopback.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The connection; the caller disposes it.</returns>
    /// <exception cref="IOException">Nothing listens there.</exception>
    /// <exception cref="SandboxLostException">The channel has ended.</exception>
    public async Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        GuestFrameWriter frame = new GuestFrameWriter().UInt32(GuestTunnelStream.Window);
        _ = endPoint switch
        {
            UnixDomainSocketEndPoint socket when socket.ToString() is ['/', ..] path => frame.UInt16(0).Text(path),
            IPEndPoint port when IPAddress.Loopback.Equals(port.Address) => frame.UInt16((ushort)port.Port).Text(""),
            _ => throw new ArgumentException($"A tunnel leads to the absolute path of a Unix socket or to a port of 127.0.0.1, not to '{endPoint}'."),
        };
        uint number = NextNumber();
        GuestTunnelStream tunnel = new(this, number);
        _tunnels[number] = tunnel;
        try
        {
            if (Ended.IsCompleted || !await TrySendAsync(frame.Frame(GuestFrameType.TunnelOpen, number)).ConfigureAwait(false))
            {
                throw Lost();
            }

            await tunnel.Opened.WaitAsync(cancellationToken).ConfigureAwait(false);
            return tunnel;
        }
        catch
        {
            await tunnel.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends every process but the services and what descends from them.</summary>
    /// <exception cref="SandboxLostException">The channel ended first.</exception>
    public Task SweepAsync(CancellationToken cancellationToken) => RequestAsync(GuestFrameType.Sweep, new(), cancellationToken);

    /// <summary>Sends a frame of a tunnel; false when the channel has ended.</summary>
    internal Task<bool> SendTunnelFrameAsync(GuestFrameType type, uint tunnel, GuestFrameWriter frame) => TrySendAsync(frame.Frame(type, tunnel));

    internal void Forget(uint tunnel) => _tunnels.TryRemove(tunnel, out _);

    private void LoseTunnels()
    {
        foreach (GuestTunnelStream tunnel in _tunnels.Values)
        {
            tunnel.Lose();
        }
    }
}
