using Glovebox.Interpreters;
using Glovebox.Jupyter;

namespace Glovebox.Bench;

/// <summary>What a block costs in a living interpreter, against a cell of Jupyter in the same kind of sandbox and against a shell that is
/// started for it; what checkpoints add to it; and what a branch costs.</summary>
internal sealed class InterpreterBenchmarks : IAsyncDisposable
{
    private const int LargeMebibytes = 300;

    private static readonly CodeBlock Bash = new("bash", "echo 1");

    private readonly JupyterCodeExecutor _jupyter = new();
    private readonly InterpreterCodeExecutor _plain = new(new() { Interpreter = new() { Checkpoints = 0 } });
    private readonly InterpreterCodeExecutor _kept = new();
    private readonly InterpreterCodeExecutor _large = new();

    public async Task<IReadOnlyList<Benchmark>> StartAsync()
    {
        await _jupyter.StartAsync();
        await _large.ExecuteCodeBlocksAsync([new CodeBlock("python", $"large = bytearray({LargeMebibytes} << 20)")]);
        CodeContext loaded = await _kept.CreateContextAsync();
        CodeResult imported = await _kept.ExecuteCodeBlocksAsync(
            [new CodeBlock("python", "import numpy, matplotlib.pyplot")], new CodeExecutionOptions { Context = loaded.Name });
        if (imported.ExitCode != 0)
        {
            throw new InvalidOperationException(imported.Output);
        }

        Benchmark cell = new("jupyter in a sandbox: a cell", () => SessionBenchmarks.BlockAsync(_jupyter, SessionBenchmarks.Python));
        Benchmark bash = new("bare: bash -c 'echo 1'", () => SessionBenchmarks.BareAsync("/usr/bin/bash", Bash.Code));
        return
        [
            cell,
            new("interpreter without checkpoints: a python block", () => SessionBenchmarks.BlockAsync(_plain, SessionBenchmarks.Python))
            {
                Baseline = cell,
                Goal = 0.2,
            },
            new("interpreter: a python block", () => SessionBenchmarks.BlockAsync(_kept, SessionBenchmarks.Python))
            {
                Baseline = cell,
                Goal = 1,
            },
            SessionBenchmarks.RightAfter("interpreter", _kept, cell, 1),
            new(
                $"interpreter with {LargeMebibytes} MiB of state: a python block",
                () => SessionBenchmarks.BlockAsync(_large, SessionBenchmarks.Python))
            {
                Baseline = cell,
                GoalMilliseconds = 20,
            },
            SessionBenchmarks.RightAfter($"interpreter with {LargeMebibytes} MiB of state", _large, cell, null),
            bash,
            new("interpreter: a bash block", () => SessionBenchmarks.BlockAsync(_kept, Bash)) { Baseline = bash, Goal = 0.2 },
            SessionBenchmarks.RightAfter("interpreter", _kept, bash, null, Bash),
            new("interpreter: a branch of a context with numpy and matplotlib", async () => new Branch(await loaded.BranchAsync()))
            {
                GoalMilliseconds = 50,
            },
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await _jupyter.DisposeAsync();
        await _plain.DisposeAsync();
        await _kept.DisposeAsync();
        await _large.DisposeAsync();
    }

    private sealed class Branch(CodeContext context) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await context.CloseAsync();
    }
}
