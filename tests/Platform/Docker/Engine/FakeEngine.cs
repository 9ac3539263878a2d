using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Glovebox.Tests.Platform.Docker.Engine;

/// <summary>What answers like an engine on a socket of its own, as a test says: for what a real engine does not do on demand.</summary>
public sealed class FakeEngine : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("glovebox-test-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Task _serving;

    public FakeEngine()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        _serving = ServeAsync();
    }

    public string Path => System.IO.Path.Combine(_folder, "docker.sock");

    public string Address => "unix://" + Path;

    /// <summary>Answers to requests, by how their path ends; the first that fits is taken. Without one, an engine that is alive.</summary>
    public List<(string PathEnd, HttpStatusCode Status, string Body)> Answers { get; } = [];

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _serving;
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                Socket connection = await _listener.AcceptAsync();
                _ = AnswerAsync(connection);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(Socket connection)
    {
        await using NetworkStream stream = new(connection, ownsSocket: true);
        using StreamReader reader = new(stream, Encoding.ASCII, leaveOpen: true);
        string[] request = (await reader.ReadLineAsync() ?? "").Split(' ');
        if (request.Length < 2)
        {
            return;
        }

        await SkipRestAsync(reader);
        string path = request[1].Split('?')[0];
        (string _, HttpStatusCode status, string body) = Answers.FirstOrDefault(a => path.EndsWith(a.PathEnd, StringComparison.Ordinal)) is { PathEnd: not null } found
            ? found
            : Default(path);
        byte[] content = Encoding.UTF8.GetBytes(body);
        byte[] head = Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {(int)status} {status}\r\nContent-Type: application/json\r\nContent-Length: {content.Length}\r\nConnection: close\r\n\r\n");
        await stream.WriteAsync((byte[])[.. head, .. content]);
    }

    /// <summary>Reads a request to its end: a client that is answered before it has sent everything may not read the answer.</summary>
    private static async Task SkipRestAsync(StreamReader reader)
    {
        bool isChunked = false;
        int left = 0;
        while (await reader.ReadLineAsync() is { Length: > 0 } header)
        {
            isChunked |= header.StartsWith("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase);
            if (header.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
            {
                left = int.Parse(header["Content-Length: ".Length..], CultureInfo.InvariantCulture);
            }
        }

        while (isChunked && await reader.ReadLineAsync() is { } line && line != "0")
        {
        }

        // Even nothing is waited for.
        if (left > 0)
        {
            await reader.ReadBlockAsync(new char[left]);
        }
    }

    private static (string PathEnd, HttpStatusCode Status, string Body) Default(string path) =>
        path.EndsWith("/version", StringComparison.Ordinal) ? ("", HttpStatusCode.OK, """{"Version":"25.0.0","ApiVersion":"1.44","MinAPIVersion":"1.24","Os":"linux"}""")
        : path.EndsWith("/info", StringComparison.Ordinal) ? ("", HttpStatusCode.OK, """{"OSType":"linux","MemoryLimit":true,"PidsLimit":true,"CpuCfsQuota":true}""")
        : path.EndsWith("/json", StringComparison.Ordinal) && path.Contains("/images/", StringComparison.Ordinal) ? ("", HttpStatusCode.OK, """{"Os":"linux","Architecture":"amd64"}""")
        : path.EndsWith("/volumes/create", StringComparison.Ordinal) ? ("", HttpStatusCode.Created, """{"Name":"x"}""")
        : ("", HttpStatusCode.NotFound, """{"message":"page not found"}""");
}
