using Glovebox.Tests.Platform.Jupyter.Support;

namespace Glovebox.Tests.Platform.Jupyter;

/// <summary>Cells that are cancelled, that end their kernel, or print without end; several kernels at once.</summary>
public sealed class KernelInterruptTests(SandboxHost host) : IClassFixture<SandboxHost>
{
    [Fact]
    public async Task Cancelling_interrupts_throws_and_keeps_the_state()
    {
        ICodeExecutor executor = await host.BriefAsync();
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
        ICodeExecutor executor = await host.BriefAsync();
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
    public async Task A_cell_that_ends_its_kernel_has_ended_it()
    {
        ICodeExecutor executor = await host.BriefAsync();
        CodeResult result = await executor.PythonAsync("lost = 1\nexit()");
        Assert.Equal(0, result.ExitCode);
        Assert.True(result.Blocks[0].StateLost);
        Assert.EndsWith("gone.\nFalse\n", (await executor.PythonAsync("print('lost' in globals())")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fifty_megabytes_of_output_are_bounded()
    {
        ICodeExecutor executor = await host.SharedAsync();
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
    public async Task Four_kernels_run_at_once()
    {
        ICodeExecutor[] executors = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.StartAsync()));
        try
        {
            await Task.WhenAll(executors.Select((e, i) => e.PythonAsync($"mine = {i}")));
            CodeResult[] results = await Task.WhenAll(executors.Select(e => e.PythonAsync("print(mine)")));
            Assert.Equal(Enumerable.Range(0, 4).Select(i => $"{i}\n"), results.Select(r => r.Output));
        }
        finally
        {
            await Task.WhenAll(executors.Select(e => e.DisposeAsync().AsTask()));
        }
    }
}
