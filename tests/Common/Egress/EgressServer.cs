using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Glovebox.Tests.Common.Egress;

/// <summary>A server on the host's loopback, which keeps each request as it came. What it answers, the path says:
/// <c>/echo</c> the head; <c>/echo-in/N</c> the head in chunks of N bytes; <c>/body</c> the body; <c>/to/ADDRESS</c> a redirect;
/// <c>/bytes/N</c> so many bytes; <c>/hold</c> nothing until <see cref="Release"/>; <c>/cut</c> half an answer; <c>/switch</c> another
/// protocol, in which it sends back what it gets, and ends after <c>bye</c>; <c>/close</c> the name of the path, and then the
/// end.</summary>
internal sealed class EgressServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<Task, bool> _serving = new();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly X509Certificate2? _certificate;
    private readonly Func<Stream, CancellationToken, Task>? _talk;
    private readonly Task _accepting;
    private int _connections;
    private int _open;

    /// <param name="certificate">What it shows; null: it speaks no TLS.</param>
    /// <param name="talk">What it does with each connection; null: it speaks HTTP.</param>
    public EgressServer(X509Certificate2? certificate = null, Func<Stream, CancellationToken, Task>? talk = null)
    {
        (_certificate, _talk) = (certificate, talk);
        _listener.Start(512);
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>The requests, heads and bodies as they came.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    /// <summary>How many connections there have been.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>How many there are.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Has <c>/hold</c> answer.</summary>
    public void Release() => _released.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        // A source without a timer holds nothing that has to be released, and a test may have ended the server itself.
        await _ending.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_serving.Keys);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptSocketAsync(_ending.Token);
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException or OperationCanceledException)
            {
                return;
            }

            socket.NoDelay = true;
            Task serving = Task.Run(() => ServeAsync(socket));
            _serving[serving] = true;
            _ = serving.ContinueWith(t => _serving.TryRemove(t, out _), TaskScheduler.Default);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        Interlocked.Increment(ref _connections);
        Interlocked.Increment(ref _open);
        try
        {
            await using NetworkStream plain = new(socket, ownsSocket: true);
            if (_certificate is null)
            {
                await TalkAsync(plain);
                return;
            }

            await using SslStream tls = new(plain);
            // Or .NET would fetch what the certificate points to for itself.
            SslStreamCertificateContext context = SslStreamCertificateContext.Create(_certificate, additionalCertificates: null, offline: true);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = context }, _ending.Token);
            await TalkAsync(tls);
            await tls.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or AuthenticationException or SocketException)
        {
            // The client has left, or the test is over.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task TalkAsync(Stream stream)
    {
        if (_talk is not null)
        {
            await _talk(stream, _ending.Token);
            return;
        }

        Reader reader = new(stream, _ending.Token);
        while (await reader.HeadAsync() is { } head)
        {
            string body = await reader.BodyAsync(head);
            _requests.Enqueue(head + body);
            if (!await AnswerAsync(stream, reader, head, body))
            {
                return;
            }
        }
    }

    /// <summary>Answers; false when nothing follows.</summary>
    private async Task<bool> AnswerAsync(Stream stream, Reader reader, string head, string body)
    {
        string path = head.Split(' ')[1];
        string[] parts = path.Split('?')[0].Split('/');
        switch (parts.ElementAtOrDefault(1))
        {
            case "echo":
                await WriteAsync(stream, Ok(head));
                return true;
            case "echo-in":
                await WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                foreach (char[] piece in head.Chunk(int.Parse(parts[2], CultureInfo.InvariantCulture)))
                {
                    await WriteAsync(stream, $"{piece.Length:x}\r\n{new string(piece)}\r\n");
                }

                await WriteAsync(stream, "0\r\n\r\n");
                return true;
            case "body":
                await WriteAsync(stream, Ok(body));
                return true;
            case "to":
                await WriteAsync(stream, $"HTTP/1.1 302 Found\r\nLocation: {path["/to/".Length..]}\r\nContent-Length: 0\r\n\r\n");
                return true;
            case "bytes":
                await SendAsync(stream, long.Parse(parts[2], CultureInfo.InvariantCulture));
                return true;
            case "hold":
                await _released.Task.WaitAsync(_ending.Token);
                await WriteAsync(stream, Ok("held"));
                return true;
            case "cut":
                await WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
                return false;
            case "close":
                await WriteAsync(stream, $"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{path}");
                return false;
            case "switch":
                await WriteAsync(stream, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n");
                await reader.EchoAsync();
                return false;
            default:
                await WriteAsync(stream, Ok("hello"));
                return true;
        }
    }

    private static string Ok(string body) => $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private async Task SendAsync(Stream stream, long count)
    {
        await WriteAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n\r\n");
        byte[] piece = new byte[256 << 10];
        for (; count > 0; count -= piece.Length)
        {
            await stream.WriteAsync(piece.AsMemory(0, (int)Math.Min(piece.Length, count)), _ending.Token);
        }
    }

    private async Task WriteAsync(Stream stream, string text) => await stream.WriteAsync(Encoding.Latin1.GetBytes(text), _ending.Token);

    /// <summary>Reads requests leniently, as a server may that takes everything.</summary>
    private sealed class Reader(Stream stream, CancellationToken ending)
    {
        private readonly StringBuilder _read = new();
        private readonly byte[] _buffer = new byte[64 << 10];

        public async Task<string?> HeadAsync()
        {
            int end;
            while ((end = _read.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
            {
                if (!await MoreAsync())
                {
                    return _read.Length == 0 ? null : throw new IOException("The head is cut.");
                }
            }

            return Take(end + 4);
        }

        public async Task<string> BodyAsync(string head)
        {
            if (head.Contains("\r\nTransfer-Encoding: chunked\r\n", StringComparison.OrdinalIgnoreCase))
            {
                StringBuilder body = new();
                while (int.Parse(await LineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and int size)
                {
                    body.Append(await TakeAsync(size));
                    await LineAsync();
                }

                await LineAsync();
                return body.ToString();
            }

            int at = head.IndexOf("\r\nContent-Length: ", StringComparison.OrdinalIgnoreCase);
            return at < 0 ? "" : await TakeAsync(int.Parse(head[(at + 18)..].Split('\r')[0], CultureInfo.InvariantCulture));
        }

        public async Task EchoAsync()
        {
            do
            {
                string text = Take(_read.Length);
                await stream.WriteAsync(Encoding.Latin1.GetBytes(text), ending);
                if (text.Contains("bye", StringComparison.Ordinal))
                {
                    return;
                }
            }
            while (await MoreAsync());
        }

        private async Task<string> LineAsync()
        {
            int end;
            while ((end = _read.ToString().IndexOf("\r\n", StringComparison.Ordinal)) < 0)
            {
                await MoreAsync();
            }

            return Take(end + 2).Trim();
        }

        private async Task<string> TakeAsync(int count)
        {
            while (_read.Length < count)
            {
                if (!await MoreAsync())
                {
                    throw new IOException("The body is cut.");
                }
            }

            return Take(count);
        }

        private string Take(int count)
        {
            string taken = _read.ToString(0, count);
            _read.Remove(0, count);
            return taken;
        }

        private async Task<bool> MoreAsync()
        {
            int count = await stream.ReadAsync(_buffer, ending);
            _read.Append(Encoding.Latin1.GetString(_buffer, 0, count));
            return count > 0;
        }
    }
}
