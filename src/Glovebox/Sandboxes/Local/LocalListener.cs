using System.Net;
using System.Net.Sockets;

namespace Glovebox.Sandboxes.Local;

/// <summary>A socket of the host to which programs on the host connect.</summary>
internal sealed class LocalListener : ISandboxListener
{
    private const int Backlog = 256;

    private readonly Socket _listener;
    private readonly string? _path;
    private bool _isDisposed;

    /// <summary>Begins to listen.</summary>
    /// <param name="endPoint">A Unix socket in a folder that only this user can enter, which is replaced when it is there already, or a
    /// port.</param>
    /// <exception cref="IOException">The place cannot be had.</exception>
    public LocalListener(EndPoint endPoint)
    {
        _path = endPoint is UnixDomainSocketEndPoint ? endPoint.ToString() : null;
        _listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (_path is not null)
            {
                File.Delete(_path);
            }

            _listener.Bind(endPoint);
            _listener.Listen(Backlog);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            _listener.Dispose();
            throw new IOException(e.Message, e);
        }
    }

    public EndPoint EndPoint => _listener.LocalEndPoint!;

    public async Task<Stream> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                return new NetworkStream(await _listener.AcceptAsync(cancellationToken).ConfigureAwait(false), ownsSocket: true);
            }
            catch (SocketException) when (_listener.IsBound)
            {
                // Descriptors ran out, say. Some connection will end.
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();

        // Its owner may have deleted the folder since the first call.
        if (_path is not null && !Interlocked.Exchange(ref _isDisposed, true))
        {
            File.Delete(_path);
        }

        return ValueTask.CompletedTask;
    }
}
