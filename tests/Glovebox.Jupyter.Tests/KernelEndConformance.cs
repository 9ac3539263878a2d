using Glovebox.Jupyter.Tests.Support;

namespace Glovebox.Jupyter.Tests;

/// <summary>How kernels are interrupted, ended, and made anew, wherever they are.</summary>
public abstract class KernelEndConformance(JupyterHost host)
{
    private const string Ignoring = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('deaf', flush=True)\nwhile True: pass";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    /// <summary>The time, what the interrupt is given, and what a server at a URL takes to end a kernel: all on a busy machine.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_cell_whose_time_runs_out_is_interrupted_and_the_state_is_kept()
    {
        await using ICodeExecutor executor = await host.StartAsync(o => o.Timeout = Timeout);
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
        Assert.InRange(elapsed, Timeout, Longest);
        Assert.Equal("still here\n", (await executor.PythonAsync("print(kept)")).Output);
    }

    [Fact]
    public async Task A_cell_that_ignores_the_interrupt_ends_with_its_kernel_and_both_results_say_that_state_is_lost()
    {
        await using ICodeExecutor executor = await host.StartAsync(o => o.Timeout = Timeout);
        await executor.PythonAsync("lost = 1");
        (CodeResult result, TimeSpan elapsed) = await executor.TimedAsync(Ignoring);
        BlockResult block = result.Blocks[0];
        Assert.Equal(124, block.ExitCode);
        Assert.True(block.TimedOut);
        Assert.True(block.StateLost);
        Assert.StartsWith("deaf\n", block.Output, StringComparison.Ordinal);
        Assert.Contains("is lost", block.Output, StringComparison.Ordinal);
        Assert.InRange(elapsed, Timeout, Longest);
        CodeResult next = await executor.PythonAsync("print('lost' in globals())");
        Assert.Equal("The kernel is a new one: what earlier blocks defined and imported is gone.\nFalse\n", next.Output);
        Assert.Equal("False\n", (await executor.PythonAsync("print('lost' in globals())")).Output);
    }

    [Fact]
    public async Task Cancelling_interrupts_throws_and_keeps_the_state()
    {
        await using ICodeExecutor executor = await host.StartAsync();
        await executor.WarmAsync();
        await executor.PythonAsync("kept = 1");
        using CancellationTokenSource cancellation = new();
        Running running = executor.BeginCancellable("import time\nprint('on', flush=True)\ntime.sleep(60)\nkept = 2", cancellation.Token);
        await running.PrintsAsync("on");
        await cancellation.CancelAsync();
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Completion);
        Assert.Equal(cancellation.Token, e.CancellationToken);
        Assert.Equal("1\n", (await executor.PythonAsync("print(kept)")).Output);
    }

    [Fact]
    public async Task When_a_cancelled_call_throws_its_deaf_code_is_dead()
    {
        await using ICodeExecutor executor = await host.StartAsync();
        string name = $"beat-{Guid.NewGuid():n}";
        using CancellationTokenSource cancellation = new();
        Running running = executor.BeginCancellable(
            $"import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('on', flush=True)\nwhile True:\n    open('{name}', 'a').write('x')\n    time.sleep(0.01)",
            cancellation.Token);
        await running.PrintsAsync("on");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Completion);
        string beats = $"import os, time\na = os.path.getsize('{name}')\ntime.sleep(0.2)\nprint(os.path.getsize('{name}') - a)\nos.remove('{name}')";
        Assert.EndsWith("gone.\n0\n", (await executor.PythonAsync(beats)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kernel_that_dies_is_a_result_and_the_next_call_has_a_new_one_and_says_so()
    {
        await using ICodeExecutor executor = await host.StartAsync();
        CodeResult result = await executor.PythonAsync("lost = 1\nprint('last words', flush=True)\nimport os, sys, time\nsys.stdout.flush()\ntime.sleep(0.3)\nos._exit(1)");
        BlockResult block = result.Blocks[0];
        Assert.Equal(1, block.ExitCode);
        Assert.Equal(TerminationReason.EnvironmentLost, block.Termination);
        Assert.True(block.StateLost);
        Assert.Equal("last words\nThe kernel died, and what this and earlier blocks defined is lost.\n", block.Output);
        CodeResult next = await executor.PythonAsync("print('lost' in globals())");
        Assert.Equal("The kernel is a new one: what earlier blocks defined and imported is gone.\nFalse\n", next.Output);
    }

    [Fact]
    public async Task A_cell_that_ends_its_kernel_has_ended_it()
    {
        await using ICodeExecutor executor = await host.StartAsync();
        CodeResult result = await executor.PythonAsync("lost = 1\nexit()");
        Assert.Equal(0, result.ExitCode);
        Assert.True(result.Blocks[0].StateLost);
        Assert.EndsWith("gone.\nFalse\n", (await executor.PythonAsync("print('lost' in globals())")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fifty_megabytes_of_output_are_bounded()
    {
        await using ICodeExecutor executor = await host.StartAsync();
        CodeResult result = await executor.PythonAsync("print('first')\nfor i in range(50):\n    print('x' * 1_000_000)\nprint('last')");
        Assert.Equal(0, result.ExitCode);
        Assert.True(result.Blocks[0].Truncated);
        Assert.InRange(result.Output.Length, 1_000_000, 1_200_000);
        Assert.StartsWith("first\n", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("last\n", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"\[\.\.\. \d+ bytes dropped \.\.\.\]", result.Output);
        Assert.Equal("ok\n", (await executor.PythonAsync("print('ok')")).Output);
    }

    [Fact]
    public async Task Eight_kernels_run_at_once()
    {
        ICodeExecutor[] executors = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.StartAsync()));
        try
        {
            await Task.WhenAll(executors.Select((e, i) => e.PythonAsync($"mine = {i}")));
            CodeResult[] results = await Task.WhenAll(executors.Select(e => e.PythonAsync("print(mine)")));
            Assert.Equal(Enumerable.Range(0, 8).Select(i => $"{i}\n"), results.Select(r => r.Output));
        }
        finally
        {
            await Task.WhenAll(executors.Select(e => e.DisposeAsync().AsTask()));
        }
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
