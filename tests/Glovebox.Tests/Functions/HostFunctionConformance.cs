using System.Diagnostics;
using Glovebox.Tests.Support;
using Microsoft.Extensions.AI;

namespace Glovebox.Tests.Functions;

/// <summary>Guest code calls functions of the host.</summary>
public abstract class HostFunctionConformance(ExecutorKind kind)
{
    [Fact]
    public async Task Guest_code_calls_a_function_of_the_host()
    {
        await using Session session = await StartAsync(AIFunctionFactory.Create((int a, int b) => a + b, "add"));
        CodeResult result = await session.PythonAsync("from functions import add\nprint(add(2, 3))");
        Assert.Equal((0, "5\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task Ten_thousand_calls_in_one_block()
    {
        await using Session session = await StartAsync(AIFunctionFactory.Create((int n) => n + 1, "next"));
        long started = Stopwatch.GetTimestamp();
        CodeResult result = await session.PythonAsync("import functions, time\nn = 0\nt = time.perf_counter()\nfor _ in range(10000):\n    n = functions.next(n)\nprint(n)\nimport sys\nprint((time.perf_counter()-t)/10, 'ms', file=sys.stderr)");
        Assert.Equal("10000\n", result.StandardOutput);
        TestContext.Current.TestOutputHelper!.WriteLine(result.StandardError + Stopwatch.GetElapsedTime(started).ToString());
    }

    private Task<Session> StartAsync(params AITool[] functions) => StartAsync(_ => { }, functions);

    private Task<Session> StartAsync(Action<CommandLineCodeExecutorOptions> configure, params AITool[] functions) => Session.StartAsync(
        kind,
        new()
        {
            Configure = options =>
            {
                foreach (AITool function in functions)
                {
                    options.Functions.Add(function);
                }

                configure(options);
            },
        });
}

public sealed class LocalHostFunctions() : HostFunctionConformance(ExecutorKind.Local);

public sealed class BubblewrapHostFunctions() : HostFunctionConformance(ExecutorKind.Bubblewrap);
