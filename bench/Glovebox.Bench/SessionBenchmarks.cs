using System.Diagnostics;
using Glovebox.Sessions;

namespace Glovebox.Bench;

/// <summary>What a block costs in a session that is there, and what a new session costs, against the bare interpreter.</summary>
internal sealed class SessionBenchmarks : IAsyncDisposable
{
    internal static readonly CodeBlock Python = new("python", "print(1)");
    private static readonly CodeBlock Bash = new("bash", "echo 1");

    /// <summary>How many blocks a busy session runs, one right after the other.</summary>
    private const int Busy = 10;

    private readonly BubblewrapCommandLineCodeExecutor _bubblewrap = new();
    private readonly CodeSessionPool _pool = new(() => new BubblewrapCommandLineCodeExecutor());
    private readonly BubblewrapCommandLineCodeExecutor _other = new();

    /// <summary>With the system's interpreters, as the sandbox has them: those of a version manager are others, and slower.</summary>
    private readonly LocalCommandLineCodeExecutor _local = new(new() { Environment = { ["PATH"] = "/usr/local/bin:/usr/bin:/bin" } });

    public async Task<IReadOnlyList<Benchmark>> StartAsync()
    {
        await _bubblewrap.StartAsync();
        await _other.StartAsync();
        await _local.StartAsync();

        string python = await GuestProgramAsync("python3"), bash = await GuestProgramAsync("bash");
        Benchmark barePython = new("bare: python3 -c 'print(1)'", () => BareAsync(python, Python.Code));
        Benchmark twoBare = TwoBare(python);
        Benchmark bareBash = new("bare: bash -c 'echo 1'", () => BareAsync(bash, Bash.Code));
        return
        [
            barePython,
            new("bubblewrap: a python block", () => BlockAsync(_bubblewrap, Python)) { Baseline = barePython, Goal = 0.4 },
            RightAfter("bubblewrap", _bubblewrap, barePython, 0.5),
            new("bubblewrap: a new session and its first python block", () => NewSessionAsync(new())) { Baseline = barePython, Goal = 2.5 },
            new("bubblewrap: a new session of a pool and its first python block", PooledSessionAsync)
            {
                Baseline = barePython,
                Goal = 1,
                Prepare = FillAsync,
            },
            twoBare,
            AtOnce("bubblewrap", _bubblewrap, _other, twoBare, 0.5),
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
        await _other.DisposeAsync();
        await _local.DisposeAsync();
    }

    private async Task<string> GuestProgramAsync(string name) =>
        (await _bubblewrap.ExecuteCodeBlocksAsync([new CodeBlock("sh", $"command -v {name}")])).Output.TrimEnd('\n');

    internal static async Task<IAsyncDisposable?> BlockAsync(ICodeExecutor executor, CodeBlock block)
    {
        CodeResult result = await executor.ExecuteCodeBlocksAsync([block]);
        Check(result.Output);
        return null;
    }

    internal static async Task<IAsyncDisposable?> NewSessionAsync(BubblewrapCommandLineCodeExecutor executor)
    {
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

    /// <summary>A block whose session has done another one just before.</summary>
    internal static Benchmark RightAfter(
        string name, ICodeExecutor executor, Benchmark baseline, double? goal, CodeBlock? chosen = null)
    {
        CodeBlock block = chosen ?? Python;
        return new($"{name}: a {block.Language} block right after another", () => BlockAsync(executor, block))
        {
            Baseline = baseline,
            Goal = goal,
            Prepare = () => BlockAsync(executor, block),
            PreparedOperations = 1,
        };
    }

    /// <summary>Two sessions that are both busy. Half of the time is twice the throughput.</summary>
    internal static Benchmark AtOnce(string name, ICodeExecutor one, ICodeExecutor other, Benchmark baseline, double? goal)
    {
        return new($"{name}: two busy sessions at once, a python block", RunAsync)
        {
            Baseline = baseline,
            Goal = goal,
            Operations = 2 * Busy,
        };

        async Task<IAsyncDisposable?> RunAsync()
        {
            await Task.WhenAll(BusyAsync(() => BlockAsync(one, Python)), BusyAsync(() => BlockAsync(other, Python)));
            return null;
        }
    }

    /// <summary>Two loops that do nothing but start the interpreter, at once.</summary>
    internal static Benchmark TwoBare(string python)
    {
        return new("bare: two loops of python3 -c 'print(1)' at once", RunAsync) { Operations = 2 * Busy };

        async Task<IAsyncDisposable?> RunAsync()
        {
            await Task.WhenAll(BusyAsync(() => BareAsync(python, Python.Code)), BusyAsync(() => BareAsync(python, Python.Code)));
            return null;
        }
    }

    private static async Task BusyAsync(Func<Task> operation)
    {
        for (int i = 0; i < Busy; i++)
        {
            await operation();
        }
    }

    /// <summary>The least that a .NET program can do: start the interpreter, read what it prints, wait for its end.</summary>
    internal static async Task<IAsyncDisposable?> BareAsync(string program, string code)
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
