using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Glovebox.Bench;

/// <summary>What the egress proxy costs: requests and bytes of guest code that go by it, beside those of guest code that has the host's
/// network.</summary>
internal sealed class EgressBenchmarks : IAsyncDisposable
{
    private const int Requests = 100;
    private const int Megabytes = 128;

    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly List<InterpreterCodeExecutor> _executors = [];

    public async Task<IReadOnlyList<Benchmark>> StartAsync()
    {
        _server.Start();
        _ = AcceptAsync();
        string server = $"127.0.0.1:{((IPEndPoint)_server.LocalEndpoint).Port}";
        string named = $"bench.test:{((IPEndPoint)_server.LocalEndpoint).Port}";
        InterpreterCodeExecutor direct = await MakeAsync(new() { Network = NetworkAccess.Full });
        InterpreterCodeExecutor listed =
            await MakeAsync(new() { Network = NetworkAccess.AllowList, AllowedDomains = [$"{named} private"] });
        InterpreterCodeExecutor tunnelled =
            await MakeAsync(new() { Network = NetworkAccess.AllowList, AllowedDomains = [$"{named} private tcp"] });

        Benchmark request = Of("a request, direct", direct, $"ask('{server}', '/', {Requests})", Requests);
        Benchmark connection = Of("a connection and a request, direct", direct, $"connect('{server}', {Requests})", Requests);
        Benchmark bytes = Of($"{Megabytes} MiB, direct", direct, $"fetch('{server}', '/')", 1);
        return
        [
            request,
            Of("a request by the proxy", listed, $"ask('127.0.0.1:3128', 'http://{named}/', {Requests})", Requests) with
            {
                Baseline = request,
                GoalAddedMilliseconds = 1,
            },
            connection,
            Of("a connection and a request through a tunnel", tunnelled, $"connect('127.0.0.1:3128', {Requests}, '{named}')", Requests) with
            {
                Baseline = connection,
                GoalAddedMilliseconds = 1,
            },
            bytes,
            Of($"{Megabytes} MiB by the proxy", listed, $"fetch('127.0.0.1:3128', 'http://{named}/')", 1) with
            {
                Baseline = bytes,
                Goal = 1 / 0.7,
            },
            Of($"{Megabytes} MiB through a tunnel", tunnelled, $"fetch('127.0.0.1:3128', '/', '{named}')", 1) with
            {
                Baseline = bytes,
                Goal = 1 / 0.7,
            },
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _server.Stop();
        foreach (InterpreterCodeExecutor executor in _executors)
        {
            await executor.DisposeAsync();
        }

        _ending.Dispose();
    }

    private static Benchmark Of(string name, InterpreterCodeExecutor executor, string code, int operations) => new(name, async () =>
    {
        await RunAsync(executor, code);
        return null;
    })
    {
        Operations = operations,
    };

    private async Task<InterpreterCodeExecutor> MakeAsync(ExecutionPolicy policy)
    {
        InterpreterCodeExecutorOptions options = new() { Policy = policy };
        options.Egress.Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        options.Interpreter.Checkpoints = 0;
        InterpreterCodeExecutor executor = new(options);
        _executors.Add(executor);
        await RunAsync(executor, $$"""
            import http.client, socket
            def open_to(server, tunnel=None):
                connection = http.client.HTTPConnection(server)
                if tunnel:
                    connection.set_tunnel(tunnel)
                return connection
            def ask(server, target, times):
                connection = open_to(server)
                for _ in range(times):
                    connection.request('GET', target)
                    assert connection.getresponse().read() == b'hello'
                connection.close()
            def connect(server, times, tunnel=None):
                for _ in range(times):
                    connection = open_to(server, tunnel)
                    connection.request('GET', '/')
                    assert connection.getresponse().read() == b'hello'
                    connection.close()
            def fetch(server, target, tunnel=None):
                connection = open_to(server, tunnel)
                connection.request('GET', target + 'big')
                response, buffer, total = connection.getresponse(), bytearray(1 << 20), 0
                while count := response.readinto(buffer):
                    total += count
                assert total == {{Megabytes}} << 20, total
                connection.close()
            """);
        return executor;
    }

    private static async Task RunAsync(InterpreterCodeExecutor executor, string code)
    {
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", code)]);
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException(result.Output);
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _server.AcceptSocketAsync(_ending.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // All is over.
        }
    }

    /// <summary>Answers requests without bodies, quickly.</summary>
    private async Task ServeAsync(Socket socket)
    {
        using NetworkStream stream = new(socket, ownsSocket: true);
        socket.NoDelay = true;
        byte[] piece = new byte[1 << 20];
        byte[] buffer = new byte[16 << 10];
        int held = 0;
        try
        {
            while (await stream.ReadAsync(buffer.AsMemory(held), _ending.Token) is > 0 and int count)
            {
                held += count;
                if (!buffer.AsSpan(0, held).EndsWith("\r\n\r\n"u8))
                {
                    continue;
                }

                bool isBig = buffer.AsSpan(0, held).IndexOf("big HTTP"u8) >= 0;
                held = 0;
                if (!isBig)
                {
                    await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"u8.ToArray(), _ending.Token);
                    continue;
                }

                string head = string.Create(
                    CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Length: {(long)Megabytes << 20}\r\n\r\n");
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head), _ending.Token);
                for (int i = 0; i < Megabytes; i++)
                {
                    await stream.WriteAsync(piece, _ending.Token);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has gone.
        }
    }
}
