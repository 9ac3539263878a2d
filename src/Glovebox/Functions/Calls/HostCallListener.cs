using System.Net.Sockets;

namespace Glovebox.Functions.Calls;

/// <summary>Takes calls at a Unix socket of the host, where guest code runs on the host.</summary>
internal sealed class HostCallListener : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly HashSet<Socket> _connections = [];
    private readonly HostFunctionServer _server;
    private readonly string _path;
    private readonly Task _accepting;
    private bool _disposed;

    /// <summary>Begins to listen.</summary>
    /// <param name="path">The socket, in a folder that only this user can enter. One that is there already is replaced.</param>
    /// <param name="server">Answers the calls.</param>
    /// <exception cref="FunctionSetupException">The system has no such sockets, or the path is too long for one.</exception>
    public HostCallListener(string path, HostFunctionServer server)
    {
        _path = path;
        _server = server;
        try
        {
            File.Delete(path);
            _listener.Bind(new UnixDomainSocketEndPoint(path));
            _listener.Listen(HostFunctionServer.MaxConnections);
        }
        catch (Exception e) when (e is SocketException or ArgumentException or PlatformNotSupportedException or IOException)
        {
            _listener.Dispose();
            throw new FunctionSetupException(
                $"Functions of the host cannot be offered: there is no socket for their calls. {e.Message}", "Set TMPDIR to a shorter path of a local file system.", e);
        }

        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        lock (_connections)
        {
            _disposed = true;
            foreach (Socket connection in _connections)
            {
                connection.Dispose();
            }
        }

        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        File.Delete(_path);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket connection;
            try
            {
                connection = await _listener.AcceptAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (Volatile.Read(ref _disposed))
                {
                    return;
                }

                // Descriptors ran out, say. Some connection will end.
                await Task.Delay(TimeSpan.FromMilliseconds(50)).ConfigureAwait(false);
                continue;
            }

            lock (_connections)
            {
                if (_disposed || _connections.Count >= HostFunctionServer.MaxConnections)
                {
                    connection.Dispose();
                    continue;
                }

                _connections.Add(connection);
            }

            _ = ServeAsync(connection);
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        // The first request may be there already; the next connection is not to wait for it.
        await Task.Yield();
        await _server.ServeAsync(new NetworkStream(connection, ownsSocket: true)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_connections)
        {
            _connections.Remove(connection);
        }
    }
}
