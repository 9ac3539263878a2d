using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Common.Contract.Functions;

/// <summary>Guest code that speaks to the socket for calls itself, and not to be understood.</summary>
/// <remarks>Each test first shows that its way to the socket is one that a well-formed call passes.</remarks>
public abstract class HostileCallerConformance(ExecutorKind kind)
{
    private const int MaxArgumentSize = 64 << 10;

    private const string Client =
        """
        import json, os, socket, struct, sys, time
        import _glovebox
        def connect():
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(30)
            s.connect(_glovebox.SOCKET)
            return s
        def request(name, arguments, size=None):
            body = bytes([len(name)]) + name + arguments
            return struct.pack('<I', len(body) if size is None else size) + body
        def answer(s):
            def read(n):
                data = b''
                while len(data) < n:
                    more = s.recv(n - len(data))
                    if not more:
                        return None
                    data += more
                return data
            header = read(5)
            if header is None:
                return 'closed'
            size, status = struct.unpack('<IB', header)
            body = json.loads(read(size))
            return body if status == 0 else body['code']
        def works(s=None):
            s = s or connect()
            s.sendall(request(b'add', b'{"a":1,"b":2}'))
            return answer(s)
        def works_again():
            for n in range(3000):
                try:
                    if works() == 3:
                        return n
                except OSError:
                    pass
                time.sleep(0.01)
            raise Exception('nobody gets in')
        assert works() == 3
        """;

    [Fact]
    public async Task A_function_that_is_not_listed_is_not_called()
    {
        await CheckAsync(
            """
            s = connect()
            for name in b'', b'sub', b'ADD', b'add\0', b'__init__', b'../add', b'\xff\xfe', b'a' * 255:
                s.sendall(request(name, b'{}'))
                assert answer(s) == 'unknown-function', name
            assert works(s) == 3
            """);
    }

    [Fact]
    public async Task An_argument_of_a_gigabyte_is_refused_before_it_has_come()
    {
        await CheckAsync(
            """
            s = connect()
            sent = 0
            chunk = b'x' * (1 << 20)
            try:
                s.sendall(request(b'add', b'{"a":"', size=1 << 30))
                while sent < 1 << 30:
                    sent += s.send(chunk)
            except (BrokenPipeError, ConnectionResetError):
                pass
            assert sent < 64 << 20, sent
            assert answer(s) == 'too-large'
            assert works() == 3
            """);
    }

    [Theory]
    [InlineData("0xffffffff")]
    [InlineData("0x7fffffff")]
    [InlineData("0x80000000")]
    [InlineData("0")]
    public async Task A_length_that_cannot_be_is_refused(string size)
    {
        await CheckAsync(
            $"""
            s = connect()
            s.sendall(struct.pack('<I', {size}))
            assert answer(s) in ('too-large', 'malformed')
            assert answer(s) == 'closed'
            """);
    }

    [Fact]
    public async Task A_name_that_is_longer_than_its_request_is_refused()
    {
        await CheckAsync(
            """
            s = connect()
            s.sendall(struct.pack('<I', 4) + bytes([200]) + b'add')
            assert answer(s) == 'malformed'
            assert works(s) == 3
            """);
    }

    [Fact]
    public async Task Arguments_that_are_no_object_are_refused()
    {
        await CheckAsync(
            """
            s = connect()
            for text in b'', b'null', b'[1,2]', b'{', b'{"a":1,"b":2}x', b'{"a":1,"a":1,"b":2}', b'\xff', b'{"a":1,"b":NaN}', b'[' * 60000, b'{"a":' * 10000 + b'1' + b'}' * 10000, \
                    b'{"a":' + b'[' * 5000 + b']' * 5000 + b',"b":1}':
                s.sendall(request(b'add', text))
                assert answer(s) == 'invalid-arguments', text[:20]
            assert works(s) == 3
            """);
    }

    [Fact]
    public async Task Bytes_that_look_like_a_frame_of_the_agent_are_only_bytes()
    {
        await CheckAsync(
            """
            exit_frame = struct.pack('<IBIBi', 14, 35, 1, 0, 0) + struct.pack('<I', 0)
            s = connect()
            s.sendall(exit_frame)
            assert answer(s) == 'unknown-function' or True
            t = connect()
            t.sendall(request(b'add', exit_frame * 100))
            assert answer(t) == 'invalid-arguments'
            sys.stdout.buffer.write(b'')
            assert works() == 3
            """);
    }

    [Fact]
    public async Task Requests_without_waiting_for_answers_are_answered_one_by_one()
    {
        await CheckAsync(
            """
            import threading
            s = connect()
            count = 5000
            one = request(b'add', b'{"a":1,"b":2}')
            sender = threading.Thread(target=s.sendall, args=(one * count,))
            sender.start()
            for _ in range(count):
                assert answer(s) == 3
            sender.join()
            """);
    }

    [Fact]
    public async Task Answers_that_nobody_reads_hold_nothing_up()
    {
        await CheckAsync(
            """
            import threading
            silent = []
            for _ in range(8):
                s = connect()
                s.setblocking(False)
                try:
                    while True:
                        s.send(request(b'blow', b'{}'))
                except BlockingIOError:
                    pass
                silent.append(s)
            for _ in range(100):
                assert works() == 3
            """,
            maxConcurrentCalls: 32);
    }

    [Fact]
    public async Task Connections_that_say_nothing_or_little_keep_nobody_out()
    {
        await CheckAsync(
            """
            idle = []
            for n in range(400):
                try:
                    s = connect()
                    if n % 2 and n < 20:
                        s.send(request(b'add', b'{"a":1,"b":2}')[:n // 2])
                    idle.append(s)
                except OSError:
                    break
            for s in idle[200:]:
                s.close()
            works_again()
            for s in idle[:200]:
                s.close()
            # Once those are forgotten, nobody is refused.
            for _ in range(100):
                if sum(works_again() for _ in range(10)) == 0:
                    break
            else:
                raise Exception('some do not get in')
            """);
    }

    [Fact]
    public async Task A_connection_that_is_closed_in_the_middle_is_forgotten()
    {
        await CheckAsync(
            """
            one = request(b'add', b'{"a":1,"b":2}')
            for n in range(len(one) + 1):
                s = connect()
                s.sendall(one[:n])
                if n % 3 == 0:
                    s.shutdown(socket.SHUT_WR)
                s.close()
            for _ in range(200):
                s = connect()
                s.sendall(one)
                s.close()
            works_again()
            """,
            maxConcurrentCalls: 2);
    }

    [Fact]
    public async Task Endless_calls_end_with_the_time_of_the_block()
    {
        TaskCompletionSource many = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int calls = 0;
        await using Session session = await Session.StartAsync(kind, Setup().Add(Function(Count, "count")));
        Running running = session.Begin("python", "import functions\nwhile True:\n    functions.count()");
        await many.Task.WaitAsync(TestContext.Current.CancellationToken);
        session.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.True((await running.Completion).Blocks[0].TimedOut);
        Assert.Equal("3\n", (await session.PythonAsync("import functions\nprint(functions.add(1, 2))")).Output);

        void Count()
        {
            if (++calls == 100)
            {
                many.SetResult();
            }
        }
    }

    [Fact]
    public async Task What_a_block_left_half_said_is_over_with_the_block()
    {
        await using Session session = await Session.StartAsync(kind, Setup(maxConcurrentCalls: 2));
        CodeResult first = await session.PythonAsync(
            $"""
            {Client}
            import select
            if os.fork() == 0:
                held = []
                while works() != 'too-many-calls':
                    # Connections are read in any order: one that is read beside another call may find no place, and is not held then.
                    held.append(connect())
                    held[-1].sendall(request(b'add', b'', size=1000))
                open('held', 'w').close()
                for fd in 0, 1, 2:
                    os.close(fd)
                while not os.path.exists('end'):
                    time.sleep(0.01)
                answered = []
                while len(answered) < 2:
                    answered += select.select([s for s in held if s not in answered], [], [], 20)[0]
                open('answers', 'w').write(' '.join(answer(s) for s in answered))
                os.rename('answers', 'answered')
                os._exit(0)
            while not os.path.exists('held'):
                time.sleep(0.01)
            """);
        Assert.Equal((0, ""), (first.ExitCode, first.Output));
        Assert.Equal("3\n", (await session.PythonAsync("import functions\nprint(functions.add(1, 2))")).Output);
        await session.BashAsync("touch end");
        await Eventually.HoldsAsync(() => File.Exists(session.Folder["answered"]), "the half calls were answered");
        Assert.Equal("no-block no-block", await File.ReadAllTextAsync(session.Folder["answered"], TestContext.Current.CancellationToken));
    }

    private static ExecutorSetup Setup(int maxConcurrentCalls = 32) =>
        With(Function((int a, int b) => a + b, "add"), Function(() => new string('x', 1 << 20), "blow"))
            .And(o => o.FunctionLimits = new() { MaxArgumentSize = MaxArgumentSize, MaxConcurrentCalls = maxConcurrentCalls });

    private async Task CheckAsync(string attack, int maxConcurrentCalls = 32)
    {
        await using Session session = await Session.StartAsync(kind, Setup(maxConcurrentCalls));
        CodeResult result = await session.PythonAsync($"{Client}\n{attack}\nprint('survived')");
        Assert.Equal((0, "survived\n"), (result.ExitCode, result.Output));
        Assert.Equal("3\n", (await session.PythonAsync("import functions\nprint(functions.add(1, 2))")).Output);
    }
}
