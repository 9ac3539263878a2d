using System.Net;
using System.Net.Sockets;

namespace Glovebox.Tests.Platform.Jupyter.Support;

/// <summary>A port that leads to another one, until its connections are cut.</summary>
public sealed class Forwarder : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _clients = [];
    private readonly int _target;
    private readonly Task _accepting;

    public Forwarder(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>Cuts what is connected; new connections may be made.</summary>
    public void Cut()
    {
        lock (_clients)
        {
            _clients.ForEach(c => c.Dispose());
            _clients.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        Cut();
        await _accepting;
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient source = await _listener.AcceptTcpClientAsync();
                TcpClient target = new();
                await target.ConnectAsync(IPAddress.Loopback, _target);
                lock (_clients)
                {
                    _clients.AddRange([source, target]);
                }

                _ = CopyAsync(source, target);
                _ = CopyAsync(target, source);
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private static async Task CopyAsync(TcpClient from, TcpClient to)
    {
        try
        {
            await from.GetStream().CopyToAsync(to.GetStream());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }

        from.Dispose();
        to.Dispose();
    }
}
