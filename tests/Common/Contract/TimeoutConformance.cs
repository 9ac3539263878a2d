using System.Diagnostics;
using static Glovebox.Tests.Common.Contract.Deadline;

namespace Glovebox.Tests.Common.Contract;

/// <summary>Time that runs out, and what dies with it.</summary>
public abstract class TimeoutConformance(ExecutorKind kind)
{
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

    [Fact]
    public async Task The_last_line_stands_on_a_line_of_its_own()
    {
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin("bash", "printf 'no line end'; exec sleep 600");
        await running.PrintsAsync("no line end");
        Assert.Equal("no line end\n" + Notice(60), (await TimeOutAsync(session, running)).Output);
    }

    [Fact]
    public async Task Time_is_given_to_each_block()
    {
        await using Session session = await Session.StartAsync(kind);
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
}
