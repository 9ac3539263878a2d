using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Contract.Files;

/// <summary>Guest code against what reaches the files of its sandbox, which has no more rights than it: errors are typed, the host stays
/// small, and the next operation works.</summary>
public abstract class FileServiceConformance(FilesFixture fixture) : FilesTest(fixture)
{
    /// <summary>Finds the service, and where it listens.</summary>
    private const string Find = """
        import glob, os, signal, socket
        # On the host there are those of other sandboxes, too.
        mine = b'GLOVEBOX_RUN=' + os.environ['GLOVEBOX_RUN'][:32].encode() if 'GLOVEBOX_RUN' in os.environ else b''
        def service():
            for file in glob.glob('/proc/[0-9]*/cmdline'):
                try:
                    words = open(file, 'rb').read().split(b'\0')
                    is_mine = mine in open(file[:-7] + 'environ', 'rb').read()
                except OSError:
                    continue
                if is_mine and len(words) > 1 and words[-2].endswith(b'/s') and b'files-' in words[-2]:
                    return int(file.split('/')[2]), words[-2].decode()
        pid, path = service()
        os.chdir(os.path.dirname(path))
        """;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData("os.kill(pid, signal.SIGKILL)")]
    [InlineData("os.unlink('s')")]
    [InlineData("import shutil; shutil.rmtree(os.getcwd())")]
    [InlineData("os.unlink('s'); os.mkfifo('s')")]
    [InlineData("os.unlink('s'); socket.socket(socket.AF_UNIX).bind('s')")]
    public async Task What_is_ended_or_taken_away_is_there_again_for_the_next_operation(string attack)
    {
        await WriteAsync("file", "before");
        await GuestAsync(attack);
        Assert.Equal("before", await ReadAsync("file").WaitAsync(Soon, Ct));
        await WriteAsync("file", "after");
        Assert.Equal("after", await ReadAsync("file"));
    }

    [Fact]
    public async Task An_operation_that_goes_on_when_the_service_is_killed_fails_with_a_typed_error()
    {
        await BashAsync("truncate -s 1G sparse");
        await using Stream stream = await Files.OpenReadAsync(In("sparse"), cancellationToken: Ct);
        await using IAsyncEnumerator<SandboxFileEvent> watch = Files.WatchAsync(Folder, cancellationToken: Ct).GetAsyncEnumerator(Ct);
        Assert.True(await watch.MoveNextAsync());
        await GuestAsync("os.kill(pid, signal.SIGKILL)");
        IOException error = await Assert.ThrowsAsync<IOException>(() => stream.CopyToAsync(Stream.Null, Ct));
        Assert.Equal("file-service-failed", Assert.IsType<SandboxFileException>(error.InnerException).Code);
        await FailsAsync("file-service-failed", () => watch.MoveNextAsync().AsTask());
        Assert.Equal(["sparse"], await NamesAsync());
    }

    [Theory]
    [InlineData("b'HTTP/1.1 200 OK\\n'")]
    [InlineData("b'[' * 100000 + b'\\n'")]
    [InlineData("b'{\"files\": 2}\\n'")]
    [InlineData("b'{\"files\": 1}\\n' + b'null\\n' * 9")]
    [InlineData("b'{\"files\": 1}\\n' + b'{\"error\": 7}\\n'")]
    [InlineData("b'{\"files\": 1}\\n' + b'{\"file\": {\"kind\": \"device\", \"size\": -1}}\\n'")]
    [InlineData("b'{\"files\": 1}\\n' + b'\\0' * 100 + b'\\n'")]
    public async Task What_answers_nonsense_in_its_place_is_found_out(string answer)
    {
        await WriteAsync("file", "x");
        await using Forger forger = await Forger.StartAsync(Sandbox, Find, answer);
        string code = answer.Contains("\"files\": 1", StringComparison.Ordinal) ? "file-service-failed" : "";
        try
        {
            Assert.NotNull(await Files.GetAsync(In("file"), cancellationToken: Ct).WaitAsync(Soon, Ct));

            // The greeting was found out, and another service was started.
            Assert.Empty(code);
        }
        catch (SandboxFileException e)
        {
            Assert.Equal(code, e.Code);
        }

        Assert.Equal("x", await ReadAsync("file"));
    }

    [Theory]
    [InlineData("get", "b'x'")]
    [InlineData("list", "b'{\"files\": 1}\\n', b'{}\\n', b'{\"file\": {\"kind\": \"file\", \"path\": \"YQ==\", \"size\": 1}}\\n'")]
    [InlineData("list", "b'{\"files\": 1}\\n', b'{}\\n{\"file\": {\"kind\": \"file\", \"path\": \"Li4vYQ==\"}}\\n', b' '")]
    [InlineData("read", "b'{\"files\": 1}\\n', b'{}\\n', b'\\xfe\\xff\\xff\\xff' + b'x' * 65536")]
    [InlineData("read", "b'{\"files\": 1}\\n', b'{}\\n', b'\\1\\0\\0\\0x'")]
    [InlineData("watch", "b'{\"files\": 1}\\n', b'{}\\n', b'{\"event\": '")]
    [InlineData("write", "b'{\"files\": 1}\\n', b'{\"done\": true}\\n', b' '")]
    public async Task What_never_ends_is_cut_off(string operation, string answer)
    {
        await WriteAsync("file", "x");
        string[] parts = answer.Split(", b'");
        string head = parts.Length > 1 ? string.Join(" + ", parts[..^1].Select((p, i) => i == 0 ? p : $"b'{p}")) : "b''";
        await using Forger forger = await Forger.StartAsync(Sandbox, Find, head, parts.Length > 1 ? $"b'{parts[^1]}" : answer);
        await Assert.ThrowsAnyAsync<Exception>(() => DoAsync().WaitAsync(Soon, Ct));
        Assert.Equal("x", await ReadAsync("file"));

        async Task DoAsync()
        {
            switch (operation)
            {
                case "get":
                    // The service was found out at its greeting, and the one that was started answers.
                    Assert.NotNull(await Files.GetAsync(In("file"), cancellationToken: Ct));
                    throw new SandboxFileException("file-service-failed", "", "found out");
                case "list":
                    await Files.ListAsync(Folder, 2, Ct);
                    break;
                case "read":
                    await using (Stream stream = await Files.OpenReadAsync(In("file"), 0, 1 << 20, Ct))
                    {
                        await stream.CopyToAsync(Stream.Null, Ct);
                    }

                    break;
                case "watch":
                    await foreach (SandboxFileEvent _ in Files.WatchAsync(Folder, cancellationToken: Ct))
                    {
                    }

                    break;
                case "write":
                    await Files.WriteAsync(In("file"), new MemoryStream(new byte[8 << 20]), cancellationToken: Ct);
                    break;
            }
        }
    }

    [Fact]
    public async Task One_that_was_stopped_is_replaced()
    {
        await WriteAsync("file", "x");
        await GuestAsync("os.kill(pid, signal.SIGSTOP)");
        Assert.Equal("x", await ReadAsync("file").WaitAsync(Soon, Ct));
    }

    [Fact]
    public async Task Guest_code_that_holds_all_connections_is_shaken_off()
    {
        await WriteAsync("file", "x");
        await using Forger holder = await Forger.HoldAsync(Sandbox, Find);
        Assert.Equal("x", await ReadAsync("file").WaitAsync(Soon, Ct));
    }

    [Fact]
    public async Task A_link_in_the_place_of_the_socket_leads_to_nothing_that_is_believed()
    {
        await WriteAsync("file", "x");
        await GuestAsync("os.unlink('s'); os.symlink('/proc/1/fd/0', 's')");
        Assert.Equal("x", await ReadAsync("file").WaitAsync(Soon, Ct));
    }

    [Fact]
    public async Task The_end_of_a_block_and_a_kill_leave_the_service_and_it_is_not_listed()
    {
        await using IAsyncEnumerator<SandboxFileEvent> watch = Files.WatchAsync(Folder, cancellationToken: Ct).GetAsyncEnumerator(Ct);
        Assert.True(await watch.MoveNextAsync());
        Assert.Empty(Sandbox.Processes);
        using CancellationTokenSource end = new();
        Running block = Session.BeginCancellable([new("bash", "echo up; sleep 1000")], end.Token);
        await block.PrintsAsync("up");
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => block.Completion);
        await Sandbox.EndProcessesAsync(Ct);
        await BashAsync("touch a");
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal((SandboxFileEventKind.Created, In("a")), (watch.Current.Kind, watch.Current.Path));
    }

    private Task<string> GuestAsync(string attack) => PythonAsync($"{Find}\n{attack}");

    /// <summary>A process of the guest's that has taken the service's place.</summary>
    private sealed class Forger(Talk talk) : IAsyncDisposable
    {
        public static Task<Forger> StartAsync(ISandbox sandbox, string find, string head, string endless = "b''") => RunAsync(sandbox, $$"""
            {{find}}
            import threading
            os.unlink('s')
            listener = socket.socket(socket.AF_UNIX)
            listener.bind('s')
            listener.listen(100)
            print('ready', flush=True)
            def serve(connection):
                try:
                    connection.sendall({{head}})
                    while {{endless}}:
                        connection.sendall({{endless}} * 100)
                    while connection.recv(1 << 16):
                        pass
                except OSError:
                    pass
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
            """);

        public static Task<Forger> HoldAsync(ISandbox sandbox, string find) => RunAsync(sandbox, $"""
            {find}
            held = []
            for _ in range(300):
                held.append(socket.socket(socket.AF_UNIX))
                held[-1].settimeout(20)
                try:
                    held[-1].connect('s')
                    held[-1].recv(100)
                except OSError:
                    break
            print('ready', flush=True)
            signal.pause()
            """);

        public async ValueTask DisposeAsync()
        {
            talk.Process.Kill();
            await talk.EndAsync();
        }

        private static async Task<Forger> RunAsync(ISandbox sandbox, string program)
        {
            Talk talk = await Talk.StartAsync(sandbox, new(["python3"], ["-c", program]) { IsBackground = true });
            await talk.PrintsAsync("ready");
            return new Forger(talk);
        }
    }
}
