using Glovebox.Tests.Common.Contract.Interpreters;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>Living interpreters where a sandbox has limits, and libraries of the host's.</summary>
public sealed class InterpreterTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_block_that_eats_the_memory_is_undone_and_a_large_state_before_it_is_kept()
    {
        await using InterpreterCodeExecutor executor = new(new() { Policy = new() { Memory = 512L << 20 } });
        TestContextOfCode python = await TestContextOfCode.MakeAsync(executor);
        await python.PrintsAsync("kept = bytearray(b'x') * (100 << 20)");
        BlockResult result = await python.RunAsync("more = []\nwhile True: more.append(bytearray(b'y') * (20 << 20))");

        // A control group ends the interpreter; without one, its own limit is an error that it can tell of.
        if (result.Termination == TerminationReason.OutOfMemory)
        {
            Assert.Equal((137, 1, false), (result.ExitCode, result.UndoneBlocks, result.StateLost));
        }
        else
        {
            Assert.Contains("MemoryError", result.StandardError, StringComparison.Ordinal);
        }

        Assert.Equal("104857600 120\n", await python.PrintsAsync("print(len(kept), kept[-1])"));
    }

    [Fact]
    public async Task A_state_of_which_no_copy_can_be_kept_is_said_to_be_at_risk()
    {
        await using InterpreterCodeExecutor executor = new(new() { Policy = new() { Memory = 256L << 20 } });
        TestContextOfCode python = await TestContextOfCode.MakeAsync(executor);
        Assert.Equal(["this block"], (await python.RunAsync("kept = bytearray(b'x') * (100 << 20)")).NotInCheckpoint);
        Assert.Equal(["the last 2 blocks"], (await python.RunAsync("x = 1")).NotInCheckpoint);
        Assert.Equal(3, (await python.RunAsync("import os\nos._exit(1)")).UndoneBlocks);
    }

    [Fact]
    public async Task A_block_that_forks_for_ever_harms_its_own_sandbox_alone_and_and_what_is_left_is_as_is_said()
    {
        await using InterpreterCodeExecutor executor = new(new() { Policy = new() { MaxProcesses = 64 } });
        TestContextOfCode python = await TestContextOfCode.MakeAsync(executor);
        await python.PrintsAsync("kept = 'earlier'");
        BlockResult result = await python.RunAsync(
            "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
            new CodeExecutionOptions { Timeout = TimeSpan.FromSeconds(1) });
        Assert.Equal((124, TerminationReason.TimedOut), (result.ExitCode, result.Termination));
        Assert.False(result.StateLost && result.UndoneBlocks > 0, result.Output);
        BlockResult next = await python.RunAsync("print(globals().get('kept'))");
        Assert.EndsWith(result.StateLost ? "None\n" : "earlier\n", next.Output, StringComparison.Ordinal);
        Assert.Empty(await python.Context.ListProcessesAsync(Ct));
    }

    [Fact]
    public async Task Figures_that_are_open_are_pictures_at_the_end_of_a_block_or_where_they_are_shown()
    {
        await using InterpreterCodeExecutor executor = new(new() { Timeout = TimeSpan.FromMinutes(2) });
        TestContextOfCode python = await TestContextOfCode.MakeAsync(executor);
        BlockResult result = await python.RunAsync(
            "import matplotlib, matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nprint(matplotlib.get_backend().lower())\nprint('before')\nplt.show()\nprint('after')\nplt.figure();");
        Assert.Matches("^agg\nbefore\n<Figure .*>\nafter\n<Figure .*>\n$", result.Output);
        Assert.Equal(2, result.Displays.Count);
        Assert.All(result.Displays, d => Png.Decode(d.Data["image/png"]));
        Assert.Equal(["display-0001.png", "display-0002.png"], result.OutputFiles.Select(f => f.Path).Order(StringComparer.Ordinal));
        result = await python.RunAsync("figure = plt.figure()\nfigure");
        Assert.Single(result.Displays);
        Assert.Empty((await python.RunAsync("x = 1")).Displays);
    }

    [Fact]
    public async Task Functions_of_the_host_and_preloaded_modules_are_there()
    {
        await using InterpreterCodeExecutor executor = new(new()
        {
            Functions = { FunctionSetups.Function((int n) => n * 2, "twice") },
            Preload = { "decimal" },
        });
        TestContextOfCode python = await TestContextOfCode.MakeAsync(executor);
        Assert.Equal(
            "42 True\n", await python.PrintsAsync("from functions import twice\nimport sys\nprint(twice(21), 'decimal' in sys.modules)"));
        Assert.Equal("8\n", await python.PrintsAsync("print(twice(4))"));
    }
}
