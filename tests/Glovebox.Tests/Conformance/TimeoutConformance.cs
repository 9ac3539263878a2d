using System.Diagnostics;
using Glovebox.Tests.Support;

namespace Glovebox.Tests.Conformance;

/// <summary>Time that runs out, and what dies with it.</summary>
public abstract class TimeoutConformance(ExecutorKind kind)
{
    /// <summary>What an executor may take between the deadline and the result, on a machine that has much else to do.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private static string Notice(double seconds) => FormattableString.Invariant($"Timed out after {seconds} s; the program was ended.\n");

    /// <summary>Moves the clock past the deadline and waits for the result.</summary>
    private static async Task<BlockResult> TimeOutAsync(Session session, Running running)
    {
        long started = Stopwatch.GetTimestamp();
        session.Clock.Advance(Timeout);
        CodeResult result = await running.Completion;
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Grace);
        BlockResult block = result.Blocks[^1];
        Assert.Equal((124, true, TerminationReason.TimedOut), (block.ExitCode, block.TimedOut, block.Termination));
        Assert.EndsWith(Notice(60), block.Output, StringComparison.Ordinal);
        return block;
    }

    [Fact]
    public async Task A_timeout_by_the_real_clock_keeps_the_output_so_far_and_says_so()
    {
        // Long enough for the interpreter to start on a busy machine.
        TimeSpan timeout = TimeSpan.FromSeconds(6.5);
        TimeSpan shortest = timeout - TimeSpan.FromSeconds(0.1);
        await using Session session = await Session.StartAsync(kind, new() { Timeout = timeout, TimeProvider = new RealClock() });
        long started = Stopwatch.GetTimestamp();
        CodeResult result = await session.RunAsync(
            new("python", "import sys, time; print('out'); print('err', file=sys.stderr); time.sleep(600)"), new("bash", "echo never"));
        Assert.InRange(Stopwatch.GetElapsedTime(started), shortest, timeout + Grace);
        BlockResult block = Assert.Single(result.Blocks);
        Assert.Equal((124, true, TerminationReason.TimedOut), (block.ExitCode, block.TimedOut, block.Termination));
        Assert.Equal("out\n", block.StandardOutput);
        Assert.Equal("err\n" + Notice(6.5), block.StandardError);
        Assert.InRange(block.Duration, shortest, timeout + Grace);
        Assert.Equal("on\n", (await session.BashAsync("echo on")).Output);
    }

    /// <summary>A busy machine may delay a try, and not each of five.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_second_after_the_deadline_or_a_cancellation_the_call_is_over_and_the_program_gone(bool isCancelled)
    {
        await using Session session = await Session.StartAsync(kind, new() { Timeout = Timeout });
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
                session.Clock.Advance(Timeout);
            }

            await Task.WhenAny(running.Completion);
            await HostProcesses.AreGoneAsync(marker);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
            fastest = elapsed < fastest ? elapsed : fastest;
        }

        Assert.InRange(fastest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task The_last_line_stands_on_a_line_of_its_own()
    {
        await using Session session = await Session.StartAsync(kind, new() { Timeout = Timeout });
        Running running = session.Begin("bash", "printf 'no line end'; exec sleep 600");
        await running.PrintsAsync("no line end");
        Assert.Equal("no line end\n" + Notice(60), (await TimeOutAsync(session, running)).Output);
    }

    [Fact]
    public async Task Time_is_given_to_each_block()
    {
        await using Session session = await Session.StartAsync(kind, new() { Timeout = Timeout });
        string wait = "echo $1; until [ -e go$1 ]; do sleep 0.01; done";
        Running running = session.Begin([new("bash", "set 1; " + wait), new("bash", "set 2; " + wait), new("bash", "echo 3; exec sleep 600")]);
        for (int i = 1; i <= 2; i++)
        {
            await running.PrintsAsync($"{i}\n");
            session.Clock.Advance(TimeSpan.FromSeconds(50));
            await File.WriteAllTextAsync(session.Folder[$"go{i}"], "", TestContext.Current.CancellationToken);
        }

        await running.PrintsAsync("3\n");
        Assert.True((await TimeOutAsync(session, running)).TimedOut);
        CodeResult result = await running.Completion;
        Assert.Equal([0, 0, 124], result.Blocks.Select(b => b.ExitCode));
        Assert.Equal([50, 50, 60], result.Blocks.Select(b => b.Duration.TotalSeconds));
    }

    [Fact]
    public async Task Without_a_limit_no_time_runs_out()
    {
        await using Session session = await Session.StartAsync(kind, new() { Timeout = System.Threading.Timeout.InfiniteTimeSpan });
        Running running = session.Begin("bash", "echo ready; until [ -e go ]; do sleep 0.01; done; echo done");
        await running.PrintsAsync("ready");
        session.Clock.Advance(TimeSpan.FromDays(365));
        await File.WriteAllTextAsync(session.Folder["go"], "", TestContext.Current.CancellationToken);
        Assert.Equal("ready\ndone\n", (await running.Completion).Output);
    }

    [Fact]
    public async Task A_program_that_exits_with_124_has_not_timed_out()
    {
        await using Session session = await Session.StartAsync(kind);
        BlockResult block = Assert.Single((await session.BashAsync("echo mine; exit 124")).Blocks);
        Assert.Equal((124, false, TerminationReason.Exited, "mine\n"), (block.ExitCode, block.TimedOut, block.Termination, block.Output));
    }

    [Theory]
    [InlineData("bash", "trap '' TERM INT HUP QUIT; echo ready; while :; do sleep 600; done")]
    [InlineData("python", "import signal, time\nfor s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)\nprint('ready')\nwhile True: time.sleep(600)")]
    [InlineData("python", "import os, signal; print('ready'); os.kill(os.getpid(), signal.SIGSTOP)")]
    [InlineData("python", "print('ready')\nwhile True: pass")]
    [InlineData("python", "print('ready')\nwhile True:\n  try:\n    while True: pass\n  except BaseException: pass")]
    public async Task A_program_that_does_not_want_to_end_is_killed(string language, string code)
    {
        await using Session session = await Session.StartAsync(kind, new() { Timeout = Timeout });
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
        await using Session session = await Session.StartAsync(kind, new() { Timeout = Timeout });
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
        await using Session session = await Session.StartAsync(kind, new() { Timeout = Timeout });
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
        await using Session session = await Session.StartAsync(kind, new() { Timeout = Timeout });
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
}
