using Glovebox.Tests.Platform.Jupyter.Support;
using Microsoft.Extensions.AI;

namespace Glovebox.Tests.Platform.Jupyter;

/// <summary>Calls of the host's functions that fail or take too long, in a kernel.</summary>
public sealed class FunctionFailureTests : IAsyncDisposable
{
    private readonly SandboxHost _host = new();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_function_of_the_host_that_fails_is_an_error_in_the_cell_and_the_kernel_works_on()
    {
        await using ICodeExecutor executor = await _host.StartAsync(o => o.Functions.Add(
            AIFunctionFactory.Create(string () => throw new InvalidOperationException("a secret"), "fail")));
        CodeResult result = await executor.PythonAsync("from functions import fail\nfail()");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("HostFunctionError", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("a secret", result.Output, StringComparison.Ordinal);
        Assert.Equal("ok\n", (await executor.PythonAsync("print('ok')")).Output);
    }

    [Fact]
    public async Task A_call_that_outlasts_the_time_of_the_cell_is_cancelled_on_the_host_and_the_state_is_kept()
    {
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ICodeExecutor executor = await _host.StartAsync(o =>
        {
            o.Timeout = TimeSpan.FromSeconds(2);
            o.Functions.Add(AIFunctionFactory.Create(
                async (CancellationToken cancellationToken) =>
                {
                    cancellationToken.Register(() => cancelled.TrySetResult());
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                },
                "wait"));
        });
        await executor.WarmAsync();
        await executor.PythonAsync("from functions import wait\nkept = 1");
        CodeResult result = await executor.PythonAsync("wait()");
        Assert.True(result.Blocks[0].TimedOut);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal("1\n", (await executor.PythonAsync("print(kept)")).Output);
    }
}
