using System.Diagnostics;
using Glovebox.Sessions;

namespace Glovebox.Bench;

/// <summary>What a block costs in a session that is there, and what a new session costs, against the bare interpreter.</summary>
internal sealed class SessionBenchmarks : IAsyncDisposable
{
    private static readonly CodeBlock Python = new("python", "print(1)");
    private static readonly CodeBlock Bash = new("bash", "echo 1");

    private readonly BubblewrapCommandLineCodeExecutor _bubblewrap = new();
    private readonly CodeSessionPool _pool = new(() => new BubblewrapCommandLineCodeExecutor());

    /// <summary>With the system's interpreters, as the sandbox has them: those of a version manager are others, and slower.</summary>
    private readonly LocalCommandLineCodeExecutor _local = new(new() { Environment = { ["PATH"] = "/usr/local/bin:/usr/bin:/bin" } });

    public async Task<IReadOnlyList<Benchmark>> StartAsync()
    {
        await _bubblewrap.StartAsync();
        await _local.StartAsync();

        string python = await GuestProgramAsync("python3"), bash = await GuestProgramAsync("bash");
        Benchmark barePython = new("bare: python3 -c 'print(1)'", () => BareAsync(python, Python.Code));
        Benchmark bareBash = new("bare: bash -c 'echo 1'", () => BareAsync(bash, Bash.Code));
        return
        [
            barePython,
            new("bubblewrap: a python block", () => BlockAsync(_bubblewrap, Python)) { Baseline = barePython, Goal = 1 },
            new("bubblewrap: a python block right after another", () => BlockAsync(_bubblewrap, Python))
            {
                Baseline = barePython,
                Prepare = () => BlockAsync(_bubblewrap, Python),
            },
            new("bubblewrap: a new session and its first python block", NewSessionAsync) { Baseline = barePython, Goal = 3 },
            new("bubblewrap: a new session of a pool and its first python block", PooledSessionAsync)
            {
                Baseline = barePython,
                Goal = 1,
                Prepare = FillAsync,
            },
            new("local: a python block", () => BlockAsync(_local, Python)) { Baseline = barePython },
            bareBash,
            new("bubblewrap: a bash block", () => BlockAsync(_bubblewrap, Bash)) { Baseline = bareBash },
            new("local: a bash block", () => BlockAsync(_local, Bash)) { Baseline = bareBash },
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync();
        await _bubblewrap.DisposeAsync();
        await _local.DisposeAsync();
    }

    private async Task<string> GuestProgramAsync(string name) =>
        (await _bubblewrap.ExecuteCodeBlocksAsync([new CodeBlock("sh", $"command -v {name}")])).Output.TrimEnd('\n');

    private static async Task<IAsyncDisposable?> BlockAsync(ICodeExecutor executor, CodeBlock block)
    {
        CodeResult result = await executor.ExecuteCodeBlocksAsync([block]);
        Check(result.Output);
        return null;
    }

    private static async Task<IAsyncDisposable?> NewSessionAsync()
    {
        BubblewrapCommandLineCodeExecutor executor = new();
        await executor.StartAsync();
        await BlockAsync(executor, Python);
        return executor;
    }

    private async Task<IAsyncDisposable?> PooledSessionAsync()
    {
        CodeSessionLease lease = await _pool.RentAsync();
        await BlockAsync(lease.Executor, Python);
        return lease;
    }

    /// <summary>Starts what the pool would start while the clock runs.</summary>
    private async Task FillAsync()
    {
        await _pool.FillAsync();
        await Task.Delay(Benchmark.Pause);
    }

    /// <summary>The least that a .NET program can do: start the interpreter, read what it prints, wait for its end.</summary>
    private static async Task<IAsyncDisposable?> BareAsync(string program, string code)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, ["-c", code]) { RedirectStandardOutput = true })!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Check(output);
        return null;
    }

    private static void Check(string output)
    {
        if (output != "1\n")
        {
            throw new InvalidOperationException($"The program printed '{output}' and not 1.");
        }
    }
}
