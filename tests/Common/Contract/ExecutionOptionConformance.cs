namespace Glovebox.Tests.Common.Contract;

/// <summary>Options of one execution: time, arguments and variables.</summary>
public abstract class ExecutionOptionConformance(ExecutorKind kind)
{
    private const string ShowArguments = "import sys\nprint(sys.argv[1:])";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Arguments_reach_each_block_of_the_execution_and_no_other()
    {
        await using Session session = await Session.StartAsync(kind);
        CodeResult result = await session.Executor.ExecuteCodeBlocksAsync(
            [new("python", ShowArguments), new("bash", "printf '%s|' \"$@\""), new("python", ShowArguments + "\n")],
            new() { Arguments = ["a b", "", "--c", "ü\n\"'"] },
            Ct);
        const string Shown = "['a b', '', '--c', 'ü\\n\"\\'']\n";
        Assert.Equal($"{Shown}a b||--c|ü\n\"'|{Shown}", result.Output);
        Assert.Equal("[]\n", (await session.PythonAsync(ShowArguments)).Output);
    }

    [Fact]
    public async Task Variables_reach_each_block_of_the_execution_and_no_other()
    {
        await using Session session = await Session.StartAsync(
            kind, new() { Environment = new Dictionary<string, string> { ["KEPT"] = "kept", ["GIVEN"] = "before" } });
        const string Code = "import os, sys\nprint(os.environ.get('KEPT'), os.environ.get('GIVEN'), sys.flags.optimize)";
        CodeResult result = await session.Executor.ExecuteCodeBlocksAsync(
            [new("python", Code), new("bash", "echo \"$KEPT $GIVEN\"")],
            new() { Environment = new Dictionary<string, string> { ["GIVEN"] = "a=b\nc", ["PYTHONOPTIMIZE"] = "2" } },
            Ct);
        Assert.Equal("kept a=b\nc 2\nkept a=b\nc\n", result.Output);
        Assert.Equal("kept before 0\n", (await session.PythonAsync(Code)).Output);
        result = await session.Executor.ExecuteCodeBlocksAsync(
            [new("python", Code)], new() { Environment = new Dictionary<string, string> { ["GIVEN"] = "again" } }, Ct);
        Assert.Equal("kept again 0\n", result.Output);
    }

    [Fact]
    public async Task The_time_is_that_of_the_execution()
    {
        await using Session session = await Session.StartAsync(kind);
        Running running = new(session.Executor.ExecuteCodeBlocksStreamingAsync(
            [new("bash", "echo ready; sleep 600")], new() { Timeout = TimeSpan.FromSeconds(5) }, Ct));
        await running.PrintsAsync("ready");
        session.Clock.Advance(TimeSpan.FromSeconds(5));
        BlockResult block = (await running.Completion).Blocks[0];
        Assert.Equal((124, TerminationReason.TimedOut), (block.ExitCode, block.Termination));
        Assert.EndsWith("Timed out after 5 s; the program was ended.\n", block.Output, StringComparison.Ordinal);
    }
}
