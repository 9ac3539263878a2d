using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Glovebox.Tests.Platform.Jupyter.Support;

/// <summary>A port that answers whatever it is asked with the same bytes.</summary>
public sealed class AnyServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly byte[] _answer;
    private readonly Task _serving;

    public AnyServer(string answer)
    {
        _answer = Encoding.UTF8.GetBytes(answer);
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>What was asked last.</summary>
    public string LastRequest { get; private set; } = "";

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        _listener.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                byte[] request = new byte[8192];
                LastRequest = Encoding.UTF8.GetString(request, 0, await client.GetStream().ReadAsync(request));
                await client.GetStream().WriteAsync(_answer);
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException or IOException)
        {
            // Stopped.
        }
    }
}
