using System.ComponentModel;
using Glovebox.Tests.Platform.Jupyter.Support;
using Microsoft.Extensions.AI;

namespace Glovebox.Tests.Platform.Jupyter;

/// <summary>Functions that cells can import, in a kernel that Glovebox has started.</summary>
public abstract class FunctionConformance(JupyterHost host)
{
    [Fact]
    public async Task Functions_of_the_host_and_in_Python_are_called_by_a_cell_and_by_a_process_beside_it_and_survive_a_restart()
    {
        int calls = 0;
        await using ICodeExecutor executor = await host.StartAsync(o =>
        {
            o.FunctionsModule = "custom_tools";
            o.Functions.Add(FunctionWithRequirements.FromSource("def twice(x: int) -> int:\n    return 2 * x"));
            o.Functions.Add(AIFunctionFactory.Create(
                [Description("Adds.")] (int a, int b) =>
                {
                    Interlocked.Increment(ref calls);
                    return a + b;
                },
                "add"));
        });
        await executor.PythonAsync("from custom_tools import add, twice");
        CodeResult result = await executor.RunAsync(
            new("python", "print(add(2, 3), twice(21))\nadd.__doc__.strip().splitlines()[0]"), new("bash", "python3 -c 'from custom_tools import add; print(add(20, 22))'"));
        Assert.Equal("5 42\n'Adds.'\n42\n", result.Output);
        Assert.Equal(2, calls);

        await executor.RestartAsync(TestContext.Current.CancellationToken);
        result = await executor.PythonAsync("from custom_tools import add, twice\nprint(add(1, 2), twice(4))");
        Assert.Equal("3 8\n", result.Output);
        Assert.Equal(3, calls);
        Assert.Empty(result.OutputFiles);
    }
}

public sealed class SandboxFunctions(SandboxHost host) : FunctionConformance(host), IClassFixture<SandboxHost>;
