using Glovebox.Interpreters;

namespace Glovebox.Bench;

/// <summary>The memory that a context costs while no block runs: the proportional set size of all processes of its sandbox, per context.
/// </summary>
/// <param name="Name">What is measured, in words.</param>
/// <param name="Kibibytes">The memory.</param>
internal sealed record ContextMemory(string Name, long Kibibytes)
{
    public const int Contexts = 20;

    /// <summary>As many blocks as checkpoints are kept.</summary>
    private const int Blocks = 3;

    /// <summary>Measures contexts of both languages, with and without checkpoints.</summary>
    public static async Task<IReadOnlyList<ContextMemory>> MeasureAsync() =>
    [
        await MeasureAsync(SessionBenchmarks.Python, 0),
        await MeasureAsync(SessionBenchmarks.Python, Blocks),
        await MeasureAsync(new CodeBlock("bash", "echo 1"), 0),
        await MeasureAsync(new CodeBlock("bash", "echo 1"), Blocks),
    ];

    private static async Task<ContextMemory> MeasureAsync(CodeBlock block, int checkpoints)
    {
        // All that is asked for are there: by default copies have no more than a quarter of the processes.
        await using InterpreterCodeExecutor executor = new(new()
        {
            Interpreter = new() { Checkpoints = checkpoints, MaxContexts = 2 * Contexts },
            Policy = new() { MaxProcesses = 1000, Memory = 4L << 30 },
        });
        await executor.StartAsync();
        await MakeAsync(executor, block);
        await Task.Delay(TimeSpan.FromSeconds(1));
        long before = Usage.ProportionalKibibytes();
        for (int n = 0; n < Contexts; n++)
        {
            await MakeAsync(executor, block);
        }

        await Task.Delay(TimeSpan.FromSeconds(1));
        return new(
            $"an idle {block.Language} context, {(checkpoints == 0 ? "without checkpoints" : $"with {checkpoints} checkpoints")}",
            (Usage.ProportionalKibibytes() - before) / Contexts);
    }

    private static async Task MakeAsync(InterpreterCodeExecutor executor, CodeBlock block)
    {
        CodeContext context = await executor.CreateContextAsync(new() { Language = block.Language });
        for (int n = 0; n < Blocks; n++)
        {
            CodeResult result = await executor.ExecuteCodeBlocksAsync([block], new CodeExecutionOptions { Context = context.Name });
            if (result.ExitCode != 0)
            {
                throw new InvalidOperationException(result.Output);
            }
        }
    }
}
