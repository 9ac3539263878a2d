using System.ComponentModel;
using Glovebox.Jupyter.Tests.Support;
using Microsoft.Extensions.AI;

namespace Glovebox.Jupyter.Tests;

/// <summary>Functions that cells can import, in a kernel that Glovebox has started.</summary>
public abstract class FunctionConformance(JupyterHost host)
{
    [Fact]
    public async Task A_function_of_the_host_is_called_by_a_cell_and_by_a_process_beside_it()
    {
        int calls = 0;
        await using ICodeExecutor executor = await host.StartAsync(o =>
        {
            o.FunctionsModule = "custom_tools";
            o.Functions.Add(AIFunctionFactory.Create(
                [Description("Adds.")] (int a, int b) =>
                {
                    Interlocked.Increment(ref calls);
                    return a + b;
                },
                "add"));
        });
        await executor.PythonAsync("from custom_tools import add");
        CodeResult result = await executor.RunAsync(
            new("python", "print(add(2, 3))\nadd.__doc__.strip().splitlines()[0]"), new("bash", "python3 -c 'from custom_tools import add; print(add(20, 22))'"));
        Assert.Equal("5\n'Adds.'\n42\n", result.Output);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task A_function_of_the_host_that_fails_is_an_error_in_the_cell_and_the_kernel_works_on()
    {
        await using ICodeExecutor executor = await host.StartAsync(o => o.Functions.Add(
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
        await using ICodeExecutor executor = await host.StartAsync(o =>
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

    [Fact]
    public async Task A_function_in_Python_is_imported_and_survives_a_restart()
    {
        await using ICodeExecutor executor = await host.StartAsync(o => o.Functions.Add(FunctionWithRequirements.FromSource("def twice(x: int) -> int:\n    return 2 * x")));
        Assert.Equal("42\n", (await executor.PythonAsync("from functions import twice\nprint(twice(21))")).Output);
        await executor.RestartAsync(TestContext.Current.CancellationToken);
        CodeResult result = await executor.PythonAsync("from functions import twice\nprint(twice(4))");
        Assert.Equal("8\n", result.Output);
        Assert.Empty(result.OutputFiles);
    }
}

public sealed class SandboxFunctions(SandboxHost host) : FunctionConformance(host), IClassFixture<SandboxHost>;
