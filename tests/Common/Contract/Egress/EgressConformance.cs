using Glovebox.Egress;
using Glovebox.Tests.Common.Egress;

namespace Glovebox.Tests.Common.Contract.Egress;

/// <summary>Guest code reaches the hosts of its list, and no others.</summary>
public abstract class EgressConformance(ExecutorKind kind) : IAsyncLifetime
{
    private const string Value = "sk-0123456789abcdef";

    /// <summary>What the guest's programs share.</summary>
    private const string Client = """
        import os, socket, ssl, sys, urllib.error, urllib.request

        def get(url, data=None, context=None, **headers):
            try:
                request = urllib.request.Request(url, data, {k.replace('_', '-'): v for k, v in headers.items()})
                with urllib.request.urlopen(request, timeout=60, context=context) as answer:
                    return f'{answer.status} {answer.read().decode()}'
            except urllib.error.HTTPError as e:
                return f'{e.code} {e.reason}'
            except OSError as e:
                return f'failed: {e}'

        def connect(target):
            s = socket.create_connection(('127.0.0.1', 3128), 60)
            s.sendall(f'CONNECT {target} HTTP/1.1\r\n\r\n'.encode())
            answer = b''
            while not answer.endswith(b'\r\n\r\n'):
                byte = s.recv(1)
                if not byte:
                    break
                answer += byte
            return s, answer.decode()

        def read(s):
            data = b''
            while piece := s.recv(65536):
                data += piece
            return data


        """;

    private readonly EgressLab _lab = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private EgressServer Plain => _lab.Plain;

    private EgressServer Tls => _lab.Tls;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _lab.DisposeAsync();
    }

    [Fact]
    public async Task Programs_reach_what_a_rule_allows_by_the_usual_variables_and_a_refusal_says_why()
    {
        CollectingLogger log = new();
        await using Session session = await Session.StartAsync(
            kind, _lab.Setup("good.test@ private", "*.sub.test@ private", "GET api.test@/v1 private") with { LoggerFactory = log });
        await session.WriteAsync("lab.pem", _lab.Pem);
        Running running = session.Begin("python", Client + $"""
            lab = ssl.create_default_context(cafile='lab.pem')
            print(get('{_lab.Http("good.test", "/body")}', b'sent'))
            print(get('{_lab.Https("good.test")}', context=lab))
            print(get('{_lab.Http("a.b.sub.test")}'))
            print(get('{_lab.Http("sub.test")}'))
            print(get('{_lab.Https("api.test", "/v1/x")}'))
            print(get('{_lab.Https("api.test", "/v2")}'))
            print(get('{_lab.Https("api.test", "/v1")}', b'sent'))
            print(get('{_lab.Https("evil.test")}'))
            print(get('http://good.test:1/'))
            print(get('http://169.254.169.254/'))
            """);
        CodeResult result = await running.Completion;
        int plain = Plain.Port, tls = Tls.Port;
        Assert.Equal(
            $"""
            200 sent
            200 hello
            200 hello
            403 sub.test:{plain} is not an allowed domain.
            200 hello
            403 GET /v2 is not an allowed request to api.test.
            403 POST /v1 is not an allowed request to api.test.
            failed: <urlopen error Tunnel connection failed: 403 evil.test:{tls} is not an allowed domain.>
            403 good.test:1 is not an allowed domain.
            403 169.254.169.254:80 is not an allowed domain.

            """,
            result.Output);
        EgressEvent[] events = [.. running.Updates.OfType<EgressUpdate>().Select(u => u.Event)];
        Assert.Equal(
            ["good.test", "good.test", "a.b.sub.test", "api.test"], events.Where(e => e.Kind == EgressEventKind.Allowed).Select(e => e.Host));
        Assert.Equal(
            [("sub.test", "not-in-list"), ("api.test", "request-not-in-list"), ("api.test", "request-not-in-list"), ("evil.test", "not-in-list"),
             ("good.test", "not-in-list"), ("169.254.169.254", "not-in-list")],
            events.Where(e => e.Kind == EgressEventKind.Refused).Select(e => (e.Host, e.Reason!)));
        Assert.Contains(events, e => e.Kind == EgressEventKind.Closed && e.BytesSent > 0 && e.BytesReceived > 0);
        Assert.Contains(log.Entries, e => e.Message.Contains("evil.test", StringComparison.Ordinal) && e.Message.Contains("not-in-list", StringComparison.Ordinal));
        Assert.DoesNotContain(_lab.Resolved, n => n is "evil.test" or "sub.test");
    }

    [Fact]
    public async Task Other_programs_get_through_by_SOCKS_and_by_hand_and_servers_inside_need_no_proxy()
    {
        await using Session session = await Session.StartAsync(kind, _lab.Setup("good.test@ private"));
        CodeResult result = await session.RunAsync(
            new("python", Client + $"""
                import threading, http.server
                s = socket.create_connection(('127.0.0.1', 3128), 60)
                s.sendall(b'\x05\x01\x00')
                print(s.recv(2))
                s.sendall(b'\x05\x01\x00\x03\x09good.test' + ({Plain.Port}).to_bytes(2, 'big'))
                print(s.recv(10)[:2])
                s.sendall(b'GET / HTTP/1.1\r\nHost: good.test:{Plain.Port}\r\nConnection: close\r\n\r\n')
                print(read(s).endswith(b'hello'))
                own = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
                threading.Thread(target=own.serve_forever, daemon=True).start()
                print(get(f'http://127.0.0.1:{"{own.server_port}"}/')[:3])
                """),
            new("bash", $"""
                exec 3<>/dev/tcp/127.0.0.1/3128
                printf 'GET {_lab.Http("good.test")} HTTP/1.0\r\n\r\n' >&3
                tail -n 1 <&3
                """));
        Assert.Equal("b'\\x05\\x00'\nb'\\x05\\x00'\nTrue\n200\nhello", string.Join('\n', result.Output.Split('\n').Where(l => !l.Contains(" /", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task A_websocket_is_carried_plain_and_in_TLS_that_the_proxy_ends_and_its_end_is_told()
    {
        await using Session session = await Session.StartAsync(
            kind, _lab.Setup("api.test@ private").And(o => o.Egress.Secrets.Add(_lab.Secret(Value, "X-Key: {value}", "api.test@"))));
        CodeResult result = await session.PythonAsync(Client + $"""
            def talk(s, host, place):
                s.sendall(f'GET {"{place}"} HTTP/1.1\r\nHost: {"{host}"}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'.encode())
                answer = b''
                while not answer.endswith(b'\r\n\r\n'):
                    answer += s.recv(1)
                s.sendall(b'hello')
                hello = b''
                while len(hello) < 5:
                    hello += s.recv(5)
                s.sendall(b'bye')
                print(answer[:12].decode(), hello.decode(), read(s).decode())
            talk(socket.create_connection(('127.0.0.1', 3128), 60), 'api.test:{Plain.Port}', '{_lab.Http("api.test", "/switch")}')
            s, _ = connect('api.test:{Tls.Port}')
            talk(ssl.create_default_context().wrap_socket(s, server_hostname='api.test'), 'api.test:{Tls.Port}', '/switch')
            """);
        Assert.Equal("HTTP/1.1 101 hello bye\nHTTP/1.1 101 hello bye\n", result.Output);
        Assert.All(Plain.Requests.Concat(Tls.Requests), r => Assert.Contains($"X-Key: {Value}\r\n", r, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_large_request_that_is_refused_is_told_why()
    {
        await using Session session = await Session.StartAsync(kind, _lab.Setup("GET good.test@ private"));
        CodeResult result = await session.PythonAsync(Client + $"""
            print(get('{_lab.Http("evil.test")}', b'x' * 3_000_000))
            print(get('{_lab.Https("good.test")}', b'x' * 3_000_000))
            print(get('{_lab.Http("good.test")}'))
            """);
        Assert.Equal($"403 evil.test:{Plain.Port} is not an allowed domain.\n403 POST / is not an allowed request to good.test.\n200 hello\n", result.Output);
    }

    [Fact]
    public async Task Thousands_of_short_connections_leave_nothing()
    {
        await using Session session = await Session.StartAsync(kind, _lab.Setup("good.test@ private"));
        CodeResult result = await session.PythonAsync(Client + $"""
            import concurrent.futures
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda i: get('{_lab.Http("good.test")}') if i % 2 else connect('good.test:{Plain.Port}')[1][9:12], range(3000)))
            print(answers.count('200 hello'), answers.count('200'))
            """);
        Assert.Equal("1500 1500\n", result.Output);
        await Eventually.HoldsAsync(() => Plain.Open <= 8, "connections end");
    }

    [Fact]
    public async Task A_gigabyte_comes_through_and_does_not_stay_on_the_host()
    {
        await using Session session = await Session.StartAsync(kind, _lab.Setup("good.test@ private") with { Timeout = TimeSpan.FromSeconds(150) });
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Running running = session.Begin("python", Client + $"""
            s, _ = connect('good.test:{Plain.Port}')
            s.sendall(b'GET /bytes/{1L << 30} HTTP/1.1\r\nHost: good.test:{Plain.Port}\r\nConnection: close\r\n\r\n')
            count = 0
            while piece := s.recv(1 << 20):
                count += len(piece)
            print(count >= {1L << 30}, count < {(1L << 30) * 1.01})
            """);
        long most = 0;
        while (!running.Completion.IsCompleted)
        {
            most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false) - before);
            await Task.WhenAny(running.Completion, Task.Delay(20, Ct));
        }

        Assert.Equal("True True\n", (await running.Completion).Output);
        Assert.True(most < 400 << 20, $"{most >> 20} MiB");
    }

    [Fact]
    public async Task Who_does_not_read_holds_the_other_end_up_and_gets_all_in_the_end()
    {
        // More than the buffers of four sockets hold; afterwards as much as an engine carries in a moment.
        int size = 64 << 20;
        long written = 0;
        TaskCompletionSource read = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using EgressServer server = new(talk: async (stream, ending) =>
        {
            byte[] buffer = new byte[64 << 10];
            await stream.ReadExactlyAsync(buffer.AsMemory(0, 1), ending);
            if (buffer[0] == 'd')
            {
                for (; written < size; written += buffer.Length)
                {
                    await stream.WriteAsync(buffer, ending);
                }

                return;
            }

            await read.Task.WaitAsync(ending);
            long count = 0;
            while (await stream.ReadAsync(buffer, ending) is > 0 and int more)
            {
                count += more;
            }

            // The guest has ended its side, and still reads.
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{count}"), ending);
        });
        await using Session session = await Session.StartAsync(kind, _lab.Setup($"good.test:{server.Port} tcp private"));
        Running running = session.Begin("python", Client + $"""
            import select, time
            down, _ = connect('good.test:{server.Port}')
            down.sendall(b'd')
            up, _ = connect('good.test:{server.Port}')
            up.sendall(b'u')
            up.setblocking(False)
            sent, quiet = 0, time.monotonic()
            while time.monotonic() < quiet + 3 and sent < {size}:
                try:
                    sent += up.send(bytes(65536))
                    quiet = time.monotonic()
                except BlockingIOError:
                    time.sleep(0.01)
            print('held', sent < {size}, flush=True)
            input()
            """);
        await running.PrintsAsync("held");
        Assert.Contains("held True", string.Concat(running.Updates.OfType<OutputReceivedUpdate>().Select(u => u.Text)), StringComparison.Ordinal);
        Assert.InRange(written, 1, size - 1);
        read.SetResult();
        await running.Completion;

        size = 8 << 20;
        running = session.Begin("python", Client + $"""
            down, _ = connect('good.test:{server.Port}')
            down.sendall(b'd')
            print(len(read(down)))
            up, _ = connect('good.test:{server.Port}')
            up.sendall(b'u' + bytes({size}))
            up.shutdown(socket.SHUT_WR)
            print(read(up).decode())
            """);
        written = 0;
        Assert.Equal($"{size}\n{size}\n", (await running.Completion).Output);
    }

    [Fact]
    public async Task A_restart_ends_open_connections_and_the_proxy_is_there_again()
    {
        await using Session session = await Session.StartAsync(kind, _lab.Setup("good.test@ private"));
        Running running = session.Begin("python", Client + $"""
            held = [connect('good.test:{Plain.Port}')[0] for _ in range(20)]
            print('open', flush=True)
            print(get('{_lab.Http("good.test", "/hold")}'))
            """);
        await running.PrintsAsync("open");
        await Eventually.HoldsAsync(() => Plain.Open == 21, "the connections are open");
        await session.Executor.RestartAsync(Ct).WaitAsync(TimeSpan.FromSeconds(60), Ct);
        await Assert.ThrowsAnyAsync<CodeExecutionException>(() => running.Completion);
        Plain.Release();
        await Eventually.HoldsAsync(() => Plain.Open == 0, "the connections have ended");
        Assert.Equal("200 hello\n", (await session.PythonAsync(Client + $"print(get('{_lab.Http("good.test")}'))")).Output);
        await session.Executor.StopAsync(Ct);
        await Eventually.HoldsAsync(() => Plain.Open == 0, "nothing is left");
    }

    [Fact]
    public async Task The_proxy_is_there_again_after_the_sandbox_was_lost()
    {
        await using Session session = await Session.StartAsync(kind, _lab.Setup("good.test@ private"));
        string code = Client + $"print(get('{_lab.Http("good.test")}'))";
        Assert.Equal("200 hello\n", (await session.PythonAsync(code)).Output);
        string marker = HostProcesses.NewMarker();
        Running running = session.Begin("bash", $"exec -a {marker} sleep 600");
        await HostProcesses.AppearsAsync(marker);
        Lose(session, marker);
        Assert.Equal(TerminationReason.SandboxLost, (await running.Completion).Blocks[0].Termination);
        Assert.Equal("200 hello\n", (await session.PythonAsync(code)).Output);
    }

    [Fact]
    public async Task A_secret_is_sent_to_its_host_and_is_nowhere_inside()
    {
        CollectingLogger log = new();
        EgressSecret secret = _lab.Secret(Value, "Authorization: Bearer {value}", "api.test@");
        await using Session session = await Session.StartAsync(
            kind,
            (_lab.Setup("api.test@ private", "good.test@ private") with { LoggerFactory = log }).And(o => o.Egress.Secrets.Add(secret)));
        Running running = session.Begin("python", Client + $$"""
            import glob
            key = os.environ['API_KEY']
            print('key is the value:', '0123456789' in key)
            print(get('{{_lab.Https("api.test")}}', X_Key=key))
            print('0123456789' in get('{{_lab.Https("api.test", "/echo")}}', X_Key=key))
            print('0123456789' in get('{{_lab.Http("good.test", "/echo")}}', X_Key=key, Authorization=key))
            found = []
            for pattern in '/proc/self/environ', '/proc/[0-9]*/environ', '/proc/[0-9]*/cmdline', '/tmp/*', '/tmp/.*', '/workspace/*', '/run/*', '/dev/shm/*', '/etc/*':
                for path in glob.glob(pattern):
                    try:
                        with open(path, 'rb') as f:
                            text = f.read(1 << 22)
                    except OSError:
                        continue
                    if b'sk-01234' + b'56789' in text:
                        found.append(path)
            print(found)
            """);
        string output = (await running.Completion).Output;
        string[] lines = output.Split('\n');
        Assert.Equal(["key is the value: False", "200 hello", "False", "False"], lines[..4]);
        Assert.DoesNotContain(lines[4].Trim('[', ']').Split(", "), f => f.Length > 0 && !f.Contains("/etc/", StringComparison.Ordinal) && !f.Contains("workspace", StringComparison.Ordinal));
        Assert.All(Tls.Requests, r => Assert.Contains($"Authorization: Bearer {Value}\r\n", r, StringComparison.Ordinal));
        Assert.All(Tls.Requests, r => Assert.Contains($"X-Key: {Value}\r\n", r, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(Value, string.Join('\n', Plain.Requests), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, string.Join('\n', log.Entries.Select(e => e.Message)), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, output, StringComparison.Ordinal);
        Assert.Contains(running.Updates.OfType<EgressUpdate>(), u => u.Event.Secrets is ["API_KEY"]);
        Assert.DoesNotContain(Value, System.Text.Json.JsonSerializer.Serialize<CodeExecutionUpdate[]>([.. running.Updates]), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, $"{secret} {session.Executor}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_list_allows_nothing()
    {
        await using Session session = await Session.StartAsync(kind, _lab.Setup());
        Assert.Equal(
            $"403 good.test:{Plain.Port} is not an allowed domain.\n", (await session.PythonAsync(Client + $"print(get('{_lab.Http("good.test")}'))")).Output);
    }

    /// <summary>Ends a sandbox as nobody wants it to.</summary>
    /// <param name="session">Its executor.</param>
    /// <param name="marker">What one of its processes has in its command line.</param>
    protected abstract void Lose(Session session, string marker);
}
