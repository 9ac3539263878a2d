using System.Net.Sockets;

namespace Glovebox.Jupyter.Client;

/// <summary>TCP connections to a server at a URL.</summary>
internal static class TcpConnection
{
    /// <summary>Opens a connection that sends at once what it is given, and acknowledges at once what it gets.</summary>
    public static async ValueTask<Stream> OpenAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return OperatingSystem.IsLinux() ? new PromptStream(socket) : new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Acknowledges every segment at once.</summary>
    /// <remarks>A Jupyter server writes a cell's messages one by one with Nagle's algorithm on: each waits for the acknowledgement of the
    /// one before, which the kernel delays by 40 ms. The option holds for a while only, so it is set again before each read.</remarks>
    private sealed class PromptStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        private const int Tcp = 6;
        private const int QuickAcknowledgement = 12;

        private static readonly byte[] On = [1, 0, 0, 0];

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                Socket.SetRawSocketOption(Tcp, QuickAcknowledgement, On);
            }
            catch (SocketException)
            {
                // A sandbox may forbid it; it is only quicker with it.
            }

            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
