using System.Diagnostics;
using static Glovebox.Tests.Common.Contract.Deadline;

namespace Glovebox.Tests.Common.Contract;

/// <summary>What dies when time runs out or the caller cancels, and how soon.</summary>
public abstract class KillConformance(ExecutorKind kind)
{
    /// <summary>One whose first thread has ended looks dead, while its other threads run on.</summary>
    private const string WithoutFirstThread = """
        python3 -c '
        import ctypes, os, threading, time
        threading.Thread(target=time.sleep, args=(600,)).start()
        ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)' &
        until grep -q "^State:.Z" /proc/$!/status; do sleep 0.01; done
        echo ready
        sleep 600
        """;

    private static readonly CodeBlock Echo = new("bash", "echo on");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A busy machine may delay a try, and not each of five.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_second_after_the_deadline_or_a_cancellation_the_call_is_over_and_the_program_gone(bool isCancelled)
    {
        await using Session session = await Session.StartAsync(kind);
        TimeSpan fastest = TimeSpan.MaxValue;
        for (int i = 0; i < 5 && fastest > TimeSpan.FromSeconds(1); i++)
        {
            string marker = HostProcesses.NewMarker();
            using CancellationTokenSource cancellation = new();
            Running running = session.BeginCancellable([new("bash", $"(exec -a {marker} sleep 600) & echo ready; wait")], cancellation.Token);
            await running.PrintsAsync("ready");
            await HostProcesses.AppearsAsync(marker);
            long started = Stopwatch.GetTimestamp();
            if (isCancelled)
            {
                await cancellation.CancelAsync();
            }
            else
            {
                session.Clock.Advance(Limit);
            }

            await Task.WhenAny(running.Completion);
            await HostProcesses.AreGoneAsync(marker);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
            fastest = elapsed < fastest ? elapsed : fastest;
        }

        Assert.InRange(fastest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData("bash", "trap '' TERM INT HUP QUIT; echo ready; while :; do sleep 600; done")]
    [InlineData("bash", WithoutFirstThread)]
    [InlineData("python", "import signal, time\nfor s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)\nprint('ready')\nwhile True: time.sleep(600)")]
    [InlineData("python", "import os, signal; print('ready'); os.kill(os.getpid(), signal.SIGSTOP)")]
    [InlineData("python", "print('ready')\nwhile True: pass")]
    [InlineData("python", "print('ready')\nwhile True:\n  try:\n    while True: pass\n  except BaseException: pass")]
    public async Task A_program_that_does_not_want_to_end_is_killed(string language, string code)
    {
        await using Session session = await Session.StartAsync(kind);
        if (language == "python")
        {
            code = HeldFile.Lock("lock") + "\n" + code;
        }
        else
        {
            code = "exec 9> lock; flock 9; " + code;
        }

        Running running = session.Begin(language, code);
        await running.PrintsAsync("ready\n");
        Assert.True(HeldFile.IsHeld(session.Folder["lock"]));
        Assert.Equal("ready\n", (await TimeOutAsync(session, running)).StandardOutput);
        await HeldFile.IsFreeAsync(session.Folder["lock"]);
        Assert.Equal("on\n", (await session.PythonAsync("print('on')")).Output);
    }

    [Fact]
    public async Task A_background_child_that_holds_the_output_dies_with_the_program()
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        Running running = session.Begin("bash", $"(exec -a {marker} sleep 600) & echo ready; wait");
        await running.PrintsAsync("ready");
        await HostProcesses.AppearsAsync(marker);
        Assert.Equal("ready\n", (await TimeOutAsync(session, running)).StandardOutput);
        await HostProcesses.AreGoneAsync(marker);
    }

    [Theory]
    [InlineData("echo ready; exec sleep 600")]
    [InlineData("echo ready; exec python3 -c 'while True: pass'")]
    public async Task A_daemon_dies_with_the_program(string rest)
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        await File.WriteAllTextAsync(session.Folder["daemon.py"], GuestPrograms.Daemon(marker), TestContext.Current.CancellationToken);
        Running running = session.Begin("bash", "python3 daemon.py; " + rest);
        await running.PrintsAsync("ready");

        // The canary: it has left its parent, its group and its session, and lives.
        await HostProcesses.AppearsAsync(marker);
        await TimeOutAsync(session, running);
        await HostProcesses.AreGoneAsync(marker);
    }

    [Fact]
    public async Task A_daemon_of_a_Python_block_dies_with_it()
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        Running running = session.Begin("python", GuestPrograms.Daemon(marker) + "\nprint('ready')\nimport time; time.sleep(600)");
        await running.PrintsAsync("ready");
        await HostProcesses.AppearsAsync(marker);
        await TimeOutAsync(session, running);
        await HostProcesses.AreGoneAsync(marker);
    }

    [Fact]
    public async Task A_background_child_that_never_stops_printing_delays_nothing()
    {
        await using Session session = await Session.StartAsync(kind, new() { MaxOutput = 4096 });
        long started = Stopwatch.GetTimestamp();
        CodeResult result = await session.BashAsync("yes & echo done");
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Grace);
        Assert.Equal(0, result.ExitCode);
        Assert.InRange(result.Output.Length, 0, 4096 + 200);
        Assert.Equal("next\n", (await session.BashAsync("echo next")).Output);
    }

    [Fact]
    public async Task Cancellation_kills_and_throws_with_the_callers_token()
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        using CancellationTokenSource cancellation = new();
        string code = $"{HeldFile.Lock("lock")}\n{GuestPrograms.Daemon(marker)}\nprint('ready')\nimport signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)";
        Running running = session.BeginCancellable([new("python", code), new("bash", "touch never")], cancellation.Token);
        await running.PrintsAsync("ready");
        await HostProcesses.AppearsAsync(marker);
        Assert.True(HeldFile.IsHeld(session.Folder["lock"]));

        long started = Stopwatch.GetTimestamp();
        await cancellation.CancelAsync();
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Completion);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Grace);
        Assert.Equal(cancellation.Token, e.CancellationToken);
        await HostProcesses.AreGoneAsync(marker);
        await HeldFile.IsFreeAsync(session.Folder["lock"]);
        Assert.False(File.Exists(session.Folder["never"]));
        Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
    }

    [Fact]
    public async Task A_reader_that_leaves_early_leaves_no_program_behind()
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        await foreach (CodeExecutionUpdate update in session.Executor.ExecuteCodeBlocksStreamingAsync([new("bash", $"(exec -a {marker} sleep 600) & echo ready; wait")], Ct))
        {
            if (update is OutputReceivedUpdate)
            {
                await HostProcesses.AppearsAsync(marker);
                break;
            }
        }

        await HostProcesses.AreGoneAsync(marker);
        Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
    }

    [Theory]
    [InlineData("dispose")]
    [InlineData("stop")]
    [InlineData("restart")]
    public async Task Ending_the_executor_during_a_run_kills_the_program_and_tells_its_caller(string how)
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        Running running = session.Begin("bash", $"exec 9> lock; flock 9; (exec -a {marker} sleep 600) & echo ready; trap '' TERM; wait; sleep 600");
        await running.PrintsAsync("ready");
        await HostProcesses.AppearsAsync(marker);
        Running waiting = session.Begin([Echo]);

        long started = Stopwatch.GetTimestamp();
        Task ending = how switch
        {
            "dispose" => session.Executor.DisposeAsync().AsTask(),
            "stop" => session.Executor.StopAsync(Ct),
            _ => session.Executor.RestartAsync(Ct),
        };
        ExecutorStoppedException e = await Assert.ThrowsAsync<ExecutorStoppedException>(() => running.Completion);
        Assert.Equal("executor-stopped", e.Code);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Grace);
        await ending;
        await HostProcesses.AreGoneAsync(marker);
        await HeldFile.IsFreeAsync(session.Folder["lock"]);

        await Assert.ThrowsAsync<ExecutorStoppedException>(() => waiting.Completion);
        if (how == "restart")
        {
            Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
        }
    }
}
