using Glovebox.Tests.Platform.Jupyter.Support;

namespace Glovebox.Tests.Platform.Jupyter;

/// <summary>How kernels end and new ones take their place: what is the same code everywhere, but another way to end a process.</summary>
public abstract class KernelEndConformance(JupyterHost host)
{
    private const string Ignoring = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('deaf', flush=True)\nwhile True: pass";

    /// <summary>The time, what the interrupt is given, and what a server at a URL takes to end a kernel: all on a busy machine.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_cell_whose_time_runs_out_is_interrupted_and_the_state_is_kept()
    {
        ICodeExecutor executor = await host.BriefAsync();
        await executor.WarmAsync();
        await executor.PythonAsync("kept = 'still here'");
        (CodeResult result, TimeSpan elapsed) = await executor.TimedAsync("import time\nprint('before', flush=True)\ntime.sleep(600)");
        BlockResult block = result.Blocks[0];
        Assert.Equal(124, block.ExitCode);
        Assert.True(block.TimedOut);
        Assert.False(block.StateLost);
        Assert.StartsWith("before\n", block.Output, StringComparison.Ordinal);
        Assert.Contains("KeyboardInterrupt", block.Output, StringComparison.Ordinal);
        Assert.EndsWith("Timed out after 3 s; the code was interrupted. What it and earlier blocks defined is kept.\n", block.Output, StringComparison.Ordinal);
        Assert.InRange(elapsed, JupyterHost.BriefTimeout, Longest);
        Assert.Equal("still here\n", (await executor.PythonAsync("print(kept)")).Output);
    }

    [Fact]
    public async Task A_cell_that_ignores_the_interrupt_ends_with_its_kernel_and_both_results_say_that_state_is_lost()
    {
        ICodeExecutor executor = await host.BriefAsync();
        await executor.PythonAsync("lost = 1");
        (CodeResult result, TimeSpan elapsed) = await executor.TimedAsync(Ignoring);
        BlockResult block = result.Blocks[0];
        Assert.Equal(124, block.ExitCode);
        Assert.True(block.TimedOut);
        Assert.True(block.StateLost);
        Assert.StartsWith("deaf\n", block.Output, StringComparison.Ordinal);
        Assert.Contains("is lost", block.Output, StringComparison.Ordinal);
        Assert.InRange(elapsed, JupyterHost.BriefTimeout, Longest);
        CodeResult next = await executor.PythonAsync("print('lost' in globals())");
        Assert.Equal("The kernel is a new one: what earlier blocks defined and imported is gone.\nFalse\n", next.Output);
        Assert.Equal("False\n", (await executor.PythonAsync("print('lost' in globals())")).Output);
    }

    [Fact]
    public async Task A_kernel_that_dies_is_a_result_and_the_next_call_has_a_new_one_and_says_so()
    {
        await using ICodeExecutor executor = await host.StartAsync();
        CodeResult result = await executor.PythonAsync("lost = 1\nprint('last words', flush=True)\nimport os, sys, time\nsys.stdout.flush()\ntime.sleep(0.3)\nos._exit(1)");
        BlockResult block = result.Blocks[0];
        Assert.Equal(1, block.ExitCode);
        Assert.Equal(TerminationReason.SandboxLost, block.Termination);
        Assert.True(block.StateLost);
        Assert.Equal("last words\nThe kernel died, and what this and earlier blocks defined is lost.\n", block.Output);
        CodeResult next = await executor.PythonAsync("print('lost' in globals())");
        Assert.Equal("The kernel is a new one: what earlier blocks defined and imported is gone.\nFalse\n", next.Output);
    }

    [Fact]
    public async Task A_restart_gives_a_new_kernel_and_a_stop_ends_what_runs()
    {
        await using ICodeExecutor executor = await host.StartAsync();
        await executor.PythonAsync("lost = 1");
        await executor.RestartAsync(TestContext.Current.CancellationToken);
        Assert.Equal("False\n", (await executor.PythonAsync("print('lost' in globals())")).Output);

        Running running = executor.Begin("import time\nprint('on', flush=True)\ntime.sleep(60)");
        await running.PrintsAsync("on");
        await executor.StopAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => running.Completion);
        await Assert.ThrowsAsync<InvalidOperationException>(() => executor.PythonAsync("1"));
    }
}

public sealed class SandboxKernelEnds(SandboxHost host) : KernelEndConformance(host), IClassFixture<SandboxHost>;

public sealed class UrlKernelEnds(UrlHost host) : KernelEndConformance(host), IClassFixture<UrlHost>;
