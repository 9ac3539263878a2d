using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Contract;

/// <summary>Processes that people and servers talk to: standard input, terminals, signals, listeners, processes in the background.</summary>
public abstract class TalkConformance(ExecutorKind kind)
{
    private static readonly TerminalSize Size = new(80, 24);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_is_read_and_the_end_is_an_end()
    {
        await using Session session = await Session.StartAsync(kind);
        Talk cat = await Talk.StartAsync(Sandbox(session), new(["cat"], []) { KeepsInputOpen = true });
        await cat.WriteAsync("one\n");
        await cat.PrintsAsync("one\n");
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => cat.WriteAsync($"<{i}>")));
        await cat.Process.CloseInputAsync(Ct);
        await cat.Process.CloseInputAsync(Ct);
        (int exitCode, string text) = await cat.EndAsync();
        Assert.Equal(0, exitCode);
        Assert.All(Enumerable.Range(0, 20), i => Assert.Contains($"<{i}>", text, StringComparison.Ordinal));
        await Assert.ThrowsAsync<InvalidOperationException>(() => cat.WriteAsync("more"));
    }

    [Fact]
    public async Task Writing_to_what_reads_no_more_is_an_error_and_nothing_else()
    {
        await using Session session = await Session.StartAsync(kind);
        ISandbox sandbox = Sandbox(session);
        Talk deaf = await Talk.StartAsync(sandbox, new(["bash"], ["-c", "exec <&-; echo deaf; sleep 1000"]) { KeepsInputOpen = true });
        await deaf.PrintsAsync("deaf");
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                await deaf.WriteAsync(new string('x', 10_000));
            }
        });
        deaf.Process.Kill();
        await deaf.EndAsync();
        Talk gone = await Talk.StartAsync(sandbox, new(["true"], []) { KeepsInputOpen = true });
        await gone.EndAsync();
        await Assert.ThrowsAsync<IOException>(() => gone.WriteAsync("x"));
        await gone.Process.CloseInputAsync(Ct);
        Assert.False(await gone.Process.SignalAsync(ProcessSignal.Terminate, Ct));
        gone.Process.Kill();
        Talk missing = await Talk.StartAsync(sandbox, new(["no-such-program"], []) { KeepsInputOpen = true });
        Assert.Equal(127, (await missing.EndAsync()).ExitCode);
        await Assert.ThrowsAsync<IOException>(() => missing.WriteAsync("x"));
    }

    [Fact]
    public async Task A_shell_at_a_terminal_has_job_control_and_ends_at_its_end()
    {
        await using Session session = await Session.StartAsync(kind);
        Talk shell = await Talk.StartAsync(Sandbox(session), new(["bash"], ["--norc", "--noprofile", "-i"])
        {
            Terminal = Size,
            Variables = new Dictionary<string, string> { ["PS1"] = "$$ " },
        });
        Assert.True(shell.Process.HasTerminal);
        await shell.WriteAsync("echo $((6 * 7)) $TERM; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all-$((1 + 1))\n");
        await shell.PrintsAsync("42 xterm-256color\r\n");
        await shell.PrintsAsync("all-2\r\n");
        await shell.WriteAsync("bash -c 'echo up-$((1 + 1)); exec sleep 1000'\n");
        await shell.PrintsAsync("up-2\r\n");
        await shell.WriteAsync("\x1a");
        await shell.PrintsAsync("Stopped");
        await shell.WriteAsync("kill -9 %1; disown -a; PS1=done-$((1 + 1))-\n");
        await shell.PrintsAsync("done-2-");
        await shell.Process.CloseInputAsync(Ct);
        (_, string text) = await shell.EndAsync();
        Assert.DoesNotContain("no job control", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Python_at_a_terminal_prompts_and_is_interrupted()
    {
        // Tests that run in the background of a shell, and what they start, ignore the signal.
        const string Heeds = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)";
        await using Session session = await Session.StartAsync(kind);
        Talk python = await Talk.StartAsync(Sandbox(session), new(["python3"], ["-i", "-q", "-c", Heeds])
        {
            Terminal = Size,
            Variables = new Dictionary<string, string> { ["PYTHON_BASIC_REPL"] = "1" },
        });
        await python.PrintsAsync(">>> ");
        await python.WriteAsync("import time; print(6 * 7); [time.sleep(0.1) for _ in range(10000)]\n");
        await python.PrintsAsync("42");
        await python.WriteAsync("\x03");
        await python.PrintsAsync("KeyboardInterrupt");
        await python.WriteAsync("raise SystemExit(3)\n");
        Assert.Equal(3, (await python.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_terminal_has_a_size_and_its_program_hears_of_another()
    {
        await using Session session = await Session.StartAsync(kind);
        const string Script = "trap 'stty size; exit' WINCH; stty size; while :; do sleep 0.05; done";
        Talk sizes = await Talk.StartAsync(Sandbox(session), new(["bash"], ["-c", Script]) { Terminal = new(132, 43) });
        await sizes.PrintsAsync("43 132\r\n");
        await sizes.Process.ResizeAsync(new(65535, 1), Ct);
        Assert.Equal("43 132\r\n1 65535\r\n", (await sizes.EndAsync()).Text);
        await sizes.Process.ResizeAsync(Size, Ct);
    }

    [Fact]
    public async Task A_signal_arrives()
    {
        await using Session session = await Session.StartAsync(kind);
        const string Script = """
            import signal
            signal.signal(signal.SIGUSR1, lambda *_: print('one'))
            signal.signal(signal.SIGTERM, lambda *_: print('asked') or exit(5))
            print('ready')
            while True:
                signal.pause()
            """;
        Talk process = await Talk.StartAsync(Sandbox(session), new(["python3"], ["-c", Script]));
        await process.PrintsAsync("ready\n");
        Assert.True(await process.Process.SignalAsync(ProcessSignal.User1, Ct));
        await process.PrintsAsync("one\n");
        Assert.True(await process.Process.SignalAsync(ProcessSignal.Terminate, Ct));
        Assert.Equal((5, "ready\none\nasked\n"), await process.EndAsync());

        // Where it has a group of its own, what it started gets it, too.
        Talk other = await Talk.StartAsync(Sandbox(session), new(["bash"], ["-c", "sleep 1000; echo not by itself"]) { Terminal = Size });
        Assert.True(await other.Process.SignalAsync((ProcessSignal)34, Ct));
        ProcessExit exit = await other.Process.Ended.WaitAsync(TimeSpan.FromSeconds(60), Ct);
        Assert.Equal((ProcessExitKind.Signaled, 128 + 34), (exit.Kind, exit.ExitCode));
    }

    [Fact]
    public async Task Processes_that_run_are_listed_and_found()
    {
        await using Session session = await Session.StartAsync(kind);
        ISandbox sandbox = Sandbox(session);
        DateTimeOffset before = DateTimeOffset.UtcNow;
        Talk cat = await Talk.StartAsync(sandbox, new(["cat"], []) { KeepsInputOpen = true, IsBackground = true });
        Talk terminal = await Talk.StartAsync(sandbox, new(["cat"], []) { Terminal = Size, IsBackground = true });
        Assert.Equal([cat.Process, terminal.Process], sandbox.Processes);
        Assert.Equal([("cat", false), ("cat", true)], sandbox.Processes.Select(p => (p.Program, p.HasTerminal)));
        Assert.All(sandbox.Processes, p => Assert.InRange(p.StartedAt, before, DateTimeOffset.UtcNow));
        Assert.Same(terminal.Process, sandbox.FindProcess(terminal.Process.Id));
        Assert.Null(sandbox.FindProcess(int.MaxValue));
        await cat.Process.CloseInputAsync(Ct);
        await terminal.Process.CloseInputAsync(Ct);
        await cat.EndAsync();
        await terminal.EndAsync();
        Assert.Empty(sandbox.Processes);
        Assert.Null(sandbox.FindProcess(cat.Process.Id));
    }

    [Fact]
    public async Task A_listener_that_comes_late_gets_what_was_printed_last()
    {
        await using Session session = await Session.StartAsync(kind);
        ISandbox sandbox = Sandbox(session);
        Talk first = await Talk.StartAsync(
            sandbox, new(["bash"], ["-c", "head -c 5000 /dev/zero | tr '\\0' x; echo; read; echo end"]) { KeepsInputOpen = true, OutputBacklog = 1000 });
        await first.PrintsAsync("x\n");
        Talk late = Talk.With(sandbox.FindProcess(first.Process.Id)!);
        await late.PrintsAsync("x\n");
        Assert.Equal("[4001 bytes]" + new string('x', 999) + "\n", late.Text);
        await first.WriteAsync("\n");
        Assert.EndsWith("x\nend\n", (await late.EndAsync()).Text, StringComparison.Ordinal);
        Talk after = Talk.With(first.Process);
        await after.Listening;
        Assert.Equal("[4005 bytes]" + new string('x', 995) + "\nend\n", after.Text);
    }

    [Fact]
    public async Task A_block_that_times_out_leaves_a_process_in_the_background_alive()
    {
        await using Session session = await Session.StartAsync(kind);
        ISandbox sandbox = Sandbox(session);
        string marker = HostProcesses.NewMarker();

        // A daemon of its own belongs to it.
        Talk background = await Talk.StartAsync(sandbox, new(["bash"], ["-c", $"(setsid bash -c 'exec -a {marker} sleep 600' &); cat"])
        {
            IsBackground = true,
            KeepsInputOpen = true,
        });
        await HostProcesses.AppearsAsync(marker);
        string other = HostProcesses.NewMarker();
        Running block = session.Begin("bash", $"(setsid bash -c 'exec -a {other} sleep 600' &); echo up; sleep 1000");
        await block.PrintsAsync("up");
        await HostProcesses.AppearsAsync(other);

        // On a busy machine the block's time may begin after its program has printed.
        for (int i = 0; i < 3 && !block.Completion.IsCompleted; i++)
        {
            session.Clock.Advance(TimeSpan.FromMinutes(2));
            await Task.WhenAny(block.Completion, Task.Delay(TimeSpan.FromSeconds(10), Ct));
        }

        Assert.Equal(124, (await block.Completion).ExitCode);
        await HostProcesses.AreGoneAsync(other);
        Assert.Single(HostProcesses.With(marker));
        await background.WriteAsync("still here\n");
        await background.PrintsAsync("still here\n");
        await sandbox.EndProcessesAsync(Ct).WaitAsync(TimeSpan.FromSeconds(30), Ct);
        await background.WriteAsync("and here\n");
        await background.PrintsAsync("and here\n");
        Assert.Equal("next\n", (await session.BashAsync("echo next")).Output);
        background.Process.Kill();
        Assert.Equal(137, (await background.EndAsync()).ExitCode);
        await HostProcesses.AreGoneAsync(marker);
    }

    [Fact]
    public async Task The_kill_of_a_process_in_the_background_ends_its_daemons_and_no_other()
    {
        await using Session session = await Session.StartAsync(kind);
        ISandbox sandbox = Sandbox(session);
        string marker = HostProcesses.NewMarker();
        Talk other = await Talk.StartAsync(sandbox, new(["cat"], []) { IsBackground = true, KeepsInputOpen = true });
        Talk plain = await Talk.StartAsync(sandbox, new(["cat"], []) { KeepsInputOpen = true });
        Talk killed = await Talk.StartAsync(
            sandbox, new(["bash"], ["-c", $"(setsid bash -c 'exec -a {marker} sleep 600' &); trap '' TERM; echo up; sleep 1000"]) { IsBackground = true });
        await killed.PrintsAsync("up");
        await HostProcesses.AppearsAsync(marker);
        killed.Process.Kill();
        ProcessExit exit = await killed.Process.Ended.WaitAsync(TimeSpan.FromSeconds(60), Ct);
        Assert.Equal(ProcessExitKind.Killed, exit.Kind);
        await HostProcesses.AreGoneAsync(marker);
        foreach (Talk cat in (Talk[])[other, plain])
        {
            await cat.WriteAsync("alive\n");
            await cat.PrintsAsync("alive\n");
            await cat.Process.CloseInputAsync(Ct);
            Assert.Equal(0, (await cat.EndAsync()).ExitCode);
        }
    }

    [Fact]
    public async Task A_program_starts_in_the_directory_that_was_asked_for()
    {
        await using Session session = await Session.StartAsync(kind);
        ISandbox sandbox = Sandbox(session);
        await session.BashAsync("mkdir -p a/b; printf '#!/bin/sh\necho hi' >a/b/x; chmod +x a/b/x");
        Assert.Equal((0, $"{sandbox.WorkDirectory}/a/b\n"), await RunAsync(new(["pwd"], []) { Directory = "a/b" }));
        Assert.Equal((0, "/usr\n"), await RunAsync(new(["pwd"], []) { Directory = "/usr" }));
        Assert.Equal(126, (await RunAsync(new(["pwd"], []) { Directory = "missing" })).ExitCode);
        Assert.Equal((0, "hi\n"), await RunAsync(new(["./x"], []) { Directory = "a/b" }));
        Assert.Equal(127, (await RunAsync(new(["./x"], []) { Directory = "a" })).ExitCode);
        async Task<(int ExitCode, string Text)> RunAsync(ProcessRequest request) => await (await Talk.StartAsync(sandbox, request)).EndAsync();
    }

    [Fact]
    public async Task What_no_process_can_have_is_refused_before_anything_starts()
    {
        await using Session session = await Session.StartAsync(kind);
        ISandbox sandbox = Sandbox(session);
        ProcessRequest[] refused =
        [
            new([], []), new(["a\0b"], []), new([""], []), new(["cat"], ["\0"]), new(["cat"], []) { Directory = "\0" }, new(["cat"], []) { Directory = "" },
            new(["cat"], []) { Variables = new Dictionary<string, string> { ["A"] = "\0" } },
            new(["cat"], []) { Variables = new Dictionary<string, string> { ["A=B"] = "" } },
            new(["cat"], []) { OutputBacklog = -1 }, new(["cat"], []) { OutputBacklog = ProcessRequest.MaxOutputBacklog + 1 },
            new(["cat"], []) { KeepsInputOpen = true, StandardInput = new byte[1] }, new(["cat"], []) { Terminal = Size, StandardInput = new byte[1] },
            new(["cat"], []) { IsService = true, IsBackground = true },
        ];
        foreach (ProcessRequest request in refused)
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(() => sandbox.StartProcessAsync(request, Ct));
        }

        Talk cat = await Talk.StartAsync(sandbox, new(["cat"], []) { KeepsInputOpen = true });
        Assert.All([-1, 0, 65], number => Assert.Throws<ArgumentOutOfRangeException>(() => { _ = cat.Process.SignalAsync((ProcessSignal)number, Ct); }));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await cat.Process.ResizeAsync(Size, Ct));
        await cat.WriteAsync("nothing is lost\n");
        await cat.Process.CloseInputAsync(Ct);
        Assert.Equal((0, "nothing is lost\n"), await cat.EndAsync());
        Talk quiet = await Talk.StartAsync(sandbox, new(["sleep"], ["0"]) { OutputBacklog = 1 });
        await Assert.ThrowsAsync<InvalidOperationException>(() => quiet.WriteAsync("x"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => quiet.Process.CloseInputAsync(Ct));
        await quiet.EndAsync();
    }

    private static ISandbox Sandbox(Session session) => session.Executor.GetService<ISandbox>()!;
}
