using System.Diagnostics;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>Guest code runs as the agent's user and beside it, and yet cannot look into it, write to it, end it, or speak for it. Each
/// canary is the same attack on an agent that lacks the defence.</summary>
public sealed class AgentDefenceTests(UndefendedFixture sandboxes) : IClassFixture<UndefendedFixture>
{
    /// <summary>Python that knows the agent's process, wherever it stands.</summary>
    private const string Prelude = GuestAttacks.Prelude + "agent = os.getppid()\n";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("open('/proc/1/maps').read(1)")]
    [InlineData("open('/proc/1/environ').read()")]
    [InlineData("open('/proc/1/auxv', 'rb').read(1)")]
    [InlineData("open('/proc/1/pagemap', 'rb').close()")]
    [InlineData("os.listdir('/proc/1/fd')")]
    [InlineData("os.listdir('/proc/1/fdinfo')")]
    [InlineData("os.readlink('/proc/1/exe')")]
    [InlineData("os.readlink('/proc/1/cwd')")]
    [InlineData("os.listdir('/proc/1/root')")]
    [InlineData("os.readlink('/proc/1/ns/mnt')")]
    [InlineData("os.listdir('/proc/1/map_files')")]
    [InlineData("open('/proc/1/task/1/maps').read(1)")]
    public async Task Nothing_of_the_agents_process_can_be_looked_at(string action)
    {
        string program = $"{Prelude}print(tried(lambda: {action}))";
        Assert.Equal("EACCES\n", (await (await sandboxes.GuardedAsync()).PythonAsync(program)).Output);
        Assert.Equal("OK\n", (await (await sandboxes.WithVisibleAgentAsync()).PythonAsync(program)).Output);
    }

    [Theory]
    [InlineData("tried(lambda: open('/proc/1/mem', 'rb').close())", "EACCES")]
    [InlineData("tried(lambda: open('/proc/1/mem', 'r+b').close())", "EACCES")]
    [InlineData("call(101, 117, 0x4206, agent, 0, 0)", "EPERM")]
    [InlineData("call(310, 270, agent, ctypes.byref(iov), 1, ctypes.byref(iov), 1, 0)", "EPERM", "EFAULT")]
    [InlineData("call(311, 271, agent, ctypes.byref(iov), 1, ctypes.byref(iov), 1, 0)", "EPERM", "EFAULT")]
    [InlineData("call(438, 438, os.pidfd_open(agent), 2, 0)", "EPERM")]
    [InlineData("call(312, 272, agent, os.getpid(), 0, 2, 2)", "EPERM")]
    public async Task The_agent_can_be_neither_traced_nor_read_nor_written_to(string attack, string refusal, string success = "OK")
    {
        string program = $"{Prelude}iov = (ctypes.c_size_t * 2)(1, 1)\nprint({attack})";
        Assert.Equal(refusal + "\n", (await (await sandboxes.GuardedAsync()).PythonAsync(program)).Output);
        await AssertWorksAsync();
        if (SandboxFixture.AllowsTracing)
        {
            Assert.Equal(success + "\n", (await (await sandboxes.WithVisibleAgentAsync()).PythonAsync(program)).Output);
            await (await sandboxes.WithVisibleAgentAsync()).Executor.RestartAsync(Ct);
        }
    }

    [Theory]
    [InlineData("call(302, 261, agent, 7, (ctypes.c_ulong * 2)(3, 20000), 0)")]
    [InlineData("call(302, 261, agent | (1 << 32), 7, (ctypes.c_ulong * 2)(3, 20000), 0)")]
    [InlineData("call(302, 261, agent, 0, 0, (ctypes.c_ulong * 2)())")]
    [InlineData("tried(lambda: os.setpriority(os.PRIO_PROCESS, agent, 5))")]
    [InlineData("tried(lambda: os.setpriority(os.PRIO_USER, os.getuid(), 5))")]
    [InlineData("call(251, 30, 1, agent, 3 << 13)")]
    [InlineData("tried(lambda: os.sched_setaffinity(agent, {min(os.sched_getaffinity(0))}))")]
    [InlineData("tried(lambda: os.sched_setscheduler(agent, os.SCHED_IDLE, os.sched_param(0)))")]
    [InlineData("tried(lambda: os.sched_setparam(agent, os.sched_param(0)))")]
    [InlineData("call(314, 274, agent, (ctypes.c_uint * 12)(48, 5), 0)")]
    public async Task The_agents_limits_and_priorities_cannot_be_changed(string attack)
    {
        string program = $"{Prelude}print({attack})";
        Assert.Equal("EPERM\n", (await (await sandboxes.GuardedAsync()).PythonAsync(program)).Output);
        await AssertWorksAsync();
        Session canary = await sandboxes.WithVisibleAgentAsync();
        Assert.Equal("OK\n", (await canary.PythonAsync(program)).Output);
        await canary.Executor.RestartAsync(Ct);
    }

    /// <summary>By the id of another thread, the limits of the agent would be changed as well.</summary>
    [Fact]
    public async Task The_agent_has_one_thread_and_so_one_id()
    {
        Assert.Equal("['1']\n", (await (await sandboxes.GuardedAsync()).PythonAsync("import os; print(os.listdir('/proc/1/task'))")).Output);
    }

    [Theory]
    [InlineData("comm", "x")]
    [InlineData("oom_score_adj", "1000")]
    [InlineData("coredump_filter", "0")]
    [InlineData("clear_refs", "1")]
    [InlineData("timens_offsets", "")]
    [InlineData("setgroups", "deny")]
    [InlineData("task/1/comm", "x")]
    public async Task Nothing_is_set_in_the_agents_folder_of_proc(string name, string value)
    {
        string program = $"{Prelude}print(tried(lambda: open('/proc/1/{name}', 'w').write('{value}')))";
        Assert.Matches("^(EACCES|EPERM)\n$", (await (await sandboxes.GuardedAsync()).PythonAsync(program)).Output);
        await AssertWorksAsync();
    }

    [Fact]
    public async Task The_name_in_the_agents_folder_of_proc_is_set_where_the_agent_hides_nothing()
    {
        // The canary of the test above.
        Session canary = await sandboxes.WithVisibleAgentAsync();
        Assert.Equal("OK OK\n", (await canary.PythonAsync(Prelude + "print(tried(lambda: open('/proc/1/comm', 'w').write('x')), tried(lambda: open('/proc/1/oom_score_adj', 'w').write('1000')))")).Output);
        await canary.Executor.RestartAsync(Ct);
    }

    [Fact]
    public async Task No_signal_ends_or_stops_the_agent()
    {
        Session guarded = await sandboxes.GuardedAsync();
        const string program = Prelude + """
            assert agent == 1
            for number in signal.valid_signals():
                os.kill(1, number)
                libc.syscall(234 if platform.machine() == 'x86_64' else 131, 1, 1, number)
                signal.pidfd_send_signal(os.pidfd_open(1), number)
            print('sent')
            """;
        CodeResult result = await guarded.RunAsync(new("python", program), new("python", program), new("bash", "for i in $(seq 64); do kill -$i 1; done; kill -STOP 1; kill -KILL 1; echo sent"));
        Assert.Equal("sent\nsent\nsent\n", result.StandardOutput);
        await AssertWorksAsync();
    }

    [Theory]
    [InlineData("os.kill(agent, signal.SIGKILL)")]
    [InlineData("os.kill(agent, signal.SIGTERM)")]
    [InlineData("os.kill(-1, signal.SIGKILL)")]
    public async Task A_signal_ends_an_agent_that_is_not_the_first_process(string attack)
    {
        // The canary of the tests around: so it goes where the agent is an ordinary process. And the executor works on even then.
        Session canary = await sandboxes.WithMortalAgentAsync();
        BlockResult lost = (await canary.PythonAsync($"{Prelude}assert agent != 1\n{attack}\nimport time; time.sleep(600)")).Blocks[0];
        Assert.Equal((137, TerminationReason.SandboxLost), (lost.ExitCode, lost.Termination));
        Assert.Equal("on\n", (await canary.PythonAsync("print('on')")).Output);
    }

    [Theory]
    [InlineData("python", "import os, signal; os.kill(-1, signal.SIGKILL); print('alone')")]
    [InlineData("bash", "kill -KILL -1; echo alone")]
    public async Task A_program_that_kills_everything_kills_only_what_is_its_own(string language, string code)
    {
        Session guarded = await sandboxes.GuardedAsync();
        string marker = HostProcesses.NewMarker();
        await guarded.BashAsync($"(exec -a {marker} sleep 600) & exit");
        await HostProcesses.AppearsAsync(marker);
        Assert.Equal("alone\n", (await guarded.RunAsync(new CodeBlock(language, code))).Output);
        await HostProcesses.AreGoneAsync(marker);
        await AssertWorksAsync();
    }

    [Fact]
    public async Task A_program_that_makes_the_agent_its_tracer_has_not_ended_when_it_stops()
    {
        // Without the filter, which forbids it: other environments have none that does.
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(new() { UsesSeccomp = false }), new() { Timeout = TimeSpan.FromSeconds(60) });
        Running running = session.Begin("python", Prelude + """
            if os.fork() == 0:
                while open(f'/proc/{os.getppid()}/stat').read().split()[2] != 't': pass
                print('stopped')
                os._exit(0)
            print(call(101, 117, 0, 0, 0, 0)); os.kill(os.getpid(), signal.SIGSTOP); print('never')
            """);
        await running.PrintsAsync("stopped\n");
        session.Clock.Advance(TimeSpan.FromSeconds(60));
        BlockResult result = (await running.Completion).Blocks[0];
        Assert.Equal((124, TerminationReason.TimedOut, "OK\nstopped\n"), (result.ExitCode, result.Termination, result.StandardOutput));
    }

    [Fact]
    public async Task Frames_that_a_program_prints_or_writes_anywhere_are_text()
    {
        // An exit with 77 for every run that there may be: as the agent would say it.
        string frames = $"b''.join(struct.pack('<IBIBiI', 14, {(int)GuestFrameType.Exit}, number, 0, 77, 0) for number in range(1, 200))";
        string forge = Prelude + $$"""
            frames = {{frames}}
            for stream in 1, 2: os.write(stream, frames)
            reached = 0
            for folder in '/proc/1/fd', '/proc/self/fd', '/dev/fd':
                for name in range(512):
                    try:
                        os.write(os.open(f'{folder}/{name}', os.O_WRONLY | os.O_NONBLOCK), frames); reached += folder == '/proc/1/fd'
                    except OSError: pass
            for descriptor in range(3, 512):
                try: os.write(descriptor, frames)
                except OSError: pass
            agent_descriptor = os.pidfd_open(1)
            for descriptor in range(512):
                stolen = libc.syscall(438, agent_descriptor, descriptor, 0)
                if stolen >= 0:
                    reached += 1
                    try: os.write(stolen, frames)
                    except OSError: pass
            print('reached', reached)
            raise SystemExit(3)
            """;
        CodeResult result = await (await sandboxes.GuardedAsync()).PythonAsync(forge);
        Assert.Equal((3, TerminationReason.Exited), (result.ExitCode, result.Blocks[0].Termination));
        Assert.EndsWith("reached 0\n", result.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("M\0\0\0", result.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("M\0\0\0", result.StandardError, StringComparison.Ordinal);
        await AssertWorksAsync();

        // The canary: where the agent's descriptors can be had, the same frames are believed.
        if (SandboxFixture.AllowsTracing)
        {
            Session canary = await sandboxes.WithVisibleAgentAsync();
            Assert.Equal(77, (await canary.PythonAsync(forge)).ExitCode);
            await canary.Executor.RestartAsync(Ct);
        }
    }

    [Fact]
    public async Task A_program_that_takes_its_own_output_out_of_the_pipe_holds_nobody_up()
    {
        // The agent is told of bytes on both streams, and while it is busy with the first, what is on the second goes. Whether it goes in
        // that moment is chance, so there are many tries; the program sees that one has hit when nobody reads its output any more, and a
        // child in the background keeps the pipe open.
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap);
        CodeResult result = await session.PythonAsync("""
            import fcntl, os, termios, time
            out, err = (os.open(f'/proc/self/fd/{n}', os.O_RDONLY | os.O_NONBLOCK) for n in (1, 2))
            if os.fork() == 0: time.sleep(600)
            def is_unread(): return fcntl.ioctl(out, termios.FIONREAD, b'1234') != b'\0' * 4
            for i in range(300):
                os.write(1, b'x' * 65536); os.write(2, b'y')
                until = time.perf_counter() + i % 50 * 10e-6
                while time.perf_counter() < until: pass
                try: os.read(err, 1)
                except BlockingIOError: pass
                until = time.monotonic() + 1
                while is_unread() and time.monotonic() < until: os.sched_yield()
                if is_unread(): break
            os._exit(3)
            """).WaitAsync(TimeSpan.FromSeconds(60), Ct);
        Assert.Equal((3, TerminationReason.Exited), (result.ExitCode, result.Blocks[0].Termination));
    }

    [Fact]
    public async Task A_program_that_wakes_the_agent_without_end_is_ended_in_time_and_disturbs_no_other()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { Timeout = TimeSpan.FromSeconds(60) });
        Running running = session.Begin("python", """
            import os, signal
            for _ in range(3): os.fork()
            print('ready')
            while True:
                for _ in range(1000): os.kill(1, signal.SIGCHLD)
                if os.fork() == 0: os._exit(0)
                os.wait()
            """);
        await running.PrintsAsync("ready\n");
        long started = Stopwatch.GetTimestamp();
        session.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.True((await running.Completion).Blocks[0].TimedOut);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal("on\n", (await session.PythonAsync("print('on')")).Output);
    }

    private async Task AssertWorksAsync()
    {
        CodeResult result = await (await sandboxes.GuardedAsync()).PythonAsync("import os; print('on', os.getppid())");
        Assert.Equal("on 1\n", result.Output);
    }
}
