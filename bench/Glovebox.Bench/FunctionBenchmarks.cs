using Microsoft.Extensions.AI;

namespace Glovebox.Bench;

/// <summary>What a call of a C# method from guest code costs, one after the other in one block.</summary>
internal sealed class FunctionBenchmarks : IAsyncDisposable
{
    private const int Calls = 1000;

    private static readonly CodeBlock Loop = new(
        "python",
        $"""
        from functions import following
        n = 0
        for _ in range({Calls}):
            n = following(n)
        print(n)
        """);

    private readonly BubblewrapCommandLineCodeExecutor _bubblewrap = new(new() { Functions = { Following() } });

    private readonly LocalCommandLineCodeExecutor _local =
        new(new() { Functions = { Following() }, Environment = { ["PATH"] = "/usr/local/bin:/usr/bin:/bin" } });

    public async Task<IReadOnlyList<Benchmark>> StartAsync()
    {
        await _bubblewrap.StartAsync();
        await _local.StartAsync();
        return
        [
            new("bubblewrap: a call of a C# method", () => LoopAsync(_bubblewrap)) { Operations = Calls, GoalMilliseconds = 0.3 },
            new("local: a call of a C# method", () => LoopAsync(_local)) { Operations = Calls },
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await _bubblewrap.DisposeAsync();
        await _local.DisposeAsync();
    }

    private static AIFunction Following() => AIFunctionFactory.Create((int n) => n + 1, "following");

    private static async Task<IAsyncDisposable?> LoopAsync(ICodeExecutor executor)
    {
        CodeResult result = await executor.ExecuteCodeBlocksAsync([Loop]);
        return result.Output == $"{Calls}\n"
            ? null
            : throw new InvalidOperationException($"The program printed '{result.Output}' and not {Calls}.");
    }
}
