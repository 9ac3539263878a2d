using System.Diagnostics;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Glovebox.Bench;

/// <summary>A kernel on a Jupyter server of this machine, used with nothing but a WebSocket.</summary>
internal sealed class PlainKernel : IAsyncDisposable
{
    private readonly Process _server;
    private readonly string _folder;
    private readonly SocketsHttpHandler _handler;
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[64 << 10];

    private PlainKernel(Process server, string folder, Uri url, string? path)
    {
        (_server, _folder, Url) = (server, folder, url);
        _handler = new SocketsHttpHandler();
        if (path is not null)
        {
            _handler.ConnectCallback = async (_, cancellationToken) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }
    }

    public Uri Url { get; }

    /// <summary>Starts a server on a port of the loopback, or on a Unix socket, and a kernel on it.</summary>
    public static async Task<PlainKernel> StartAsync(bool usesPort)
    {
        string folder = Directory.CreateTempSubdirectory("glovebox-bench-").FullName;
        using TcpListener free = new(System.Net.IPAddress.Loopback, 0);
        free.Start();
        int port = ((System.Net.IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        string path = Path.Combine(folder, "s");
        ProcessStartInfo info = new("/usr/bin/python3") { WorkingDirectory = folder, RedirectStandardError = true };
        string[] where = usesPort ? ["--ServerApp.ip=127.0.0.1", $"--ServerApp.port={port}"] : [$"--ServerApp.sock={path}"];
        foreach (string argument in (string[])
            ["-m", "jupyter_server", "--allow-root", "--no-browser", "--ServerApp.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True", .. where])
        {
            info.ArgumentList.Add(argument);
        }

        info.Environment["HOME"] = folder;
        info.Environment["JUPYTER_RUNTIME_DIR"] = folder;
        Process server = Process.Start(info)!;
        while (await server.StandardError.ReadLineAsync() is { } line && !line.Contains("is running at", StringComparison.Ordinal))
        {
        }

        _ = server.StandardError.ReadToEndAsync();
        PlainKernel kernel = new(server, folder, new Uri(usesPort ? $"http://127.0.0.1:{port}/" : "http://localhost/"), usesPort ? null : path);
        await kernel.ConnectAsync();
        return kernel;
    }

    /// <summary>Runs code and waits until the kernel has answered and is idle.</summary>
    public async Task<IAsyncDisposable?> ExecuteAsync(string code)
    {
        string id = Guid.NewGuid().ToString("n");
        await _socket.SendAsync(Request(id, code), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        bool isIdle = false, isAnswered = false, hasPrinted = false;
        while (!isIdle || !isAnswered)
        {
            int size = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await _socket.ReceiveAsync(_buffer.AsMemory(size), CancellationToken.None);
                size += part.Count;
            }
            while (!part.EndOfMessage);
            using JsonDocument message = JsonDocument.Parse(_buffer.AsMemory(0, size));
            if (!message.RootElement.GetProperty("parent_header").TryGetProperty("msg_id", out JsonElement parent) || parent.GetString() != id)
            {
                continue;
            }

            JsonElement content = message.RootElement.GetProperty("content");
            switch (message.RootElement.GetProperty("header").GetProperty("msg_type").GetString())
            {
                case "status":
                    isIdle |= content.GetProperty("execution_state").GetString() == "idle";
                    break;
                case "execute_reply":
                    isAnswered = true;
                    break;
                case "stream":
                    hasPrinted |= content.GetProperty("text").GetString() == "1\n";
                    break;
            }
        }

        return hasPrinted ? null : throw new InvalidOperationException("The kernel did not print 1.");
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _handler.Dispose();
        _server.Kill(entireProcessTree: true);
        await _server.WaitForExitAsync();
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ConnectAsync()
    {
        using HttpClient http = new(_handler, disposeHandler: false) { BaseAddress = Url };
        using HttpResponseMessage response = await http.PostAsync(new Uri("api/kernels", UriKind.Relative), new StringContent("{\"name\":\"python3\"}", Encoding.UTF8, "application/json"));
        using JsonDocument kernel = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        UriBuilder channels = new(new Uri(Url, $"api/kernels/{kernel.RootElement.GetProperty("id").GetString()}/channels")) { Scheme = "ws" };
        using HttpMessageInvoker invoker = new(_handler, disposeHandler: false);
        await _socket.ConnectAsync(channels.Uri, invoker, CancellationToken.None);
    }

    private static byte[] Request(string id, string code) => Encoding.UTF8.GetBytes(
        $$$"""
        {"header":{"msg_id":"{{{id}}}","username":"","session":"bench","date":"","msg_type":"execute_request","version":"5.3"},"parent_header":{},"metadata":{},"channel":"shell","buffers":[],
         "content":{"code":"{{{code}}}","silent":false,"store_history":true,"user_expressions":{},"allow_stdin":false,"stop_on_error":true}}
        """);
}
