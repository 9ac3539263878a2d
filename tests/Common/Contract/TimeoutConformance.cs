using static Glovebox.Tests.Common.Contract.Deadline;

namespace Glovebox.Tests.Common.Contract;

/// <summary>When time runs out, and what is said then.</summary>
public abstract class TimeoutConformance(ExecutorKind kind)
{

    [Fact]
    public async Task Time_that_runs_out_keeps_the_output_so_far_and_ends_the_run()
    {
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin([new("bash", "echo out; echo err >&2; exec sleep 600"), new("bash", "echo never")]);
        await running.PrintsAsync("err\n");
        BlockResult block = await TimeOutAsync(session, running);
        Assert.Single((await running.Completion).Blocks);
        Assert.Equal(("out\n", "err\n" + Notice(60)), (block.StandardOutput, block.StandardError));
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
        CodeBlock[] waiting = [.. Enumerable.Range(1, 2).Select(i => new CodeBlock("bash", $"echo {i}; until [ -e go{i} ]; do sleep 0.01; done"))];
        Running running = session.Begin([.. waiting, new("bash", "echo 3; exec sleep 600")]);
        for (int i = 1; i <= 2; i++)
        {
            await running.PrintsAsync($"{i}\n");
            session.Clock.Advance(TimeSpan.FromSeconds(50));
            await session.WriteAsync($"go{i}");
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
        await session.WriteAsync("go");
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
