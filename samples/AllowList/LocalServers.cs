using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AllowList;

/// <summary>A registry of Python packages with one package, and an API that wants a key, on this machine.</summary>
internal sealed class LocalServers : IAsyncDisposable
{
    /// <summary>Leads to this machine. For 127.0.0.1, programs would not ask the proxy.</summary>
    public const string Address = "127.0.0.2";

    private readonly HttpListener _listener = new();
    private readonly string _key;
    private readonly Task _serving;

    private LocalServers(string key)
    {
        _key = key;
        (RegistryPort, ApiPort) = (FreePort(), FreePort());
        _listener.Prefixes.Add($"http://{Address}:{RegistryPort}/");
        _listener.Prefixes.Add($"http://{Address}:{ApiPort}/");
        _listener.Start();
        _serving = ServeAsync();
    }

    public int RegistryPort { get; }

    public int ApiPort { get; }

    public static LocalServers Start(string key) => new(key);

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                byte[] body = Answer(context.Request);
                context.Response.ContentType = context.Request.Url!.AbsolutePath.EndsWith('/') ? "text/html" : "application/octet-stream";
                context.Response.StatusCode = body.Length == 0 ? 404 : 200;
                await context.Response.OutputStream.WriteAsync(body);
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private byte[] Answer(HttpListenerRequest request) => request.Url!.AbsolutePath switch
    {
        "/simple/shout/" => "<!DOCTYPE html><a href='/shout-1.0-py3-none-any.whl'>shout</a>"u8.ToArray(),
        "/shout-1.0-py3-none-any.whl" => Package(),
        "/v1/weather" => request.Headers["Authorization"] == $"Bearer {_key}" ? "sunny, 21 degrees"u8.ToArray() : "wrong key"u8.ToArray(),
        _ => [],
    };

    private static byte[] Package()
    {
        using MemoryStream bytes = new();
        using (ZipArchive wheel = new(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            Write("shout.py", "def shout(text):\n    return text.upper() + '!'\n");
            Write("shout-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: shout\nVersion: 1.0\n");
            Write("shout-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: sample\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
            Write("shout-1.0.dist-info/RECORD", "shout.py,,\n");

            void Write(string name, string text)
            {
                using StreamWriter writer = new(wheel.CreateEntry(name).Open(), Encoding.ASCII);
                writer.Write(text);
            }
        }

        return bytes.ToArray();
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
