using System.Diagnostics;
using Docker.DotNet;
using Docker.DotNet.Models;
using Glovebox.Docker;
using Glovebox.Sessions;

namespace Glovebox.Bench;

/// <summary>What a block costs in a container that is there, and what a new one costs, against the engine's own exec and <c>docker
/// run</c>.</summary>
internal sealed class DockerBenchmarks(string image) : IAsyncDisposable
{
    private static readonly CodeBlock Python = new("python", "print(1)");

    private readonly string _name = $"glovebox-bench-{Guid.NewGuid():n}";
    private readonly DockerClient _engine = new DockerClientBuilder().Build();
    private DockerCommandLineCodeExecutor? _executor;
    private CodeSessionPool? _pool;

    public async Task<IReadOnlyList<Benchmark>> StartAsync()
    {
        _executor = new DockerCommandLineCodeExecutor(new() { Image = image, ContainerName = _name });
        await _executor.StartAsync();
        _pool = new CodeSessionPool(() => new DockerCommandLineCodeExecutor(new() { Image = image }));

        Benchmark exec = new("engine: exec of python3 -c 'print(1)'", ExecAsync);
        Benchmark run = new("docker run --rm python3 -c 'print(1)'", RunAsync);
        return
        [
            exec,
            new("docker: a python block", () => BlockAsync(_executor)) { Baseline = exec, Goal = 0.1 },
            new("docker: a python block right after another", () => BlockAsync(_executor))
            {
                Baseline = exec,
                Goal = 0.15,
                Prepare = () => BlockAsync(_executor),
                PreparedOperations = 1,
            },
            run,
            new("docker: a new session and its first python block", NewSessionAsync) { Baseline = run, Goal = 1.5 },
            new("docker: a new session of a pool and its first python block", PooledSessionAsync)
            {
                Baseline = run,
                GoalMilliseconds = 20,
                Prepare = FillAsync,
            },
            new("docker: a restart", RestartAsync) { Baseline = run, GoalMilliseconds = 1000, Prepare = FillAsync },
            new("docker: the end of a session", StopAsync) { Baseline = run, GoalMilliseconds = 300, Prepare = StartStoppingAsync },
        ];
    }

    public async ValueTask DisposeAsync()
    {
        if (_pool is not null)
        {
            await _pool.DisposeAsync();
        }

        if (_executor is not null)
        {
            await _executor.DisposeAsync();
        }

        _engine.Dispose();
    }

    private DockerCommandLineCodeExecutor? _stopping;

    private async Task StartStoppingAsync()
    {
        _stopping = new DockerCommandLineCodeExecutor(new() { Image = image });
        await _stopping.StartAsync();
    }

    private async Task<IAsyncDisposable?> StopAsync()
    {
        await _stopping!.StopAsync();
        return _stopping;
    }

    private async Task<IAsyncDisposable?> ExecAsync()
    {
        ContainerExecCreateResponse created = await _engine.Exec.CreateContainerExecAsync(
            _name,
            new ContainerExecCreateParameters
            {
                Cmd = ["python3", "-c", Python.Code],
                User = "1000:1000",
                AttachStdout = true,
                AttachStderr = true,
            });
        using MultiplexedStream stream = await _engine.Exec.StartContainerExecAsync(created.ID, new ContainerExecStartParameters());
        Check((await stream.ReadOutputToEndAsync(CancellationToken.None)).Item1);
        return null;
    }

    private async Task<IAsyncDisposable?> RunAsync()
    {
        string[] arguments = ["run", "--rm", "--network", "none", image, "python3", "-c", Python.Code];
        using Process process = Process.Start(new ProcessStartInfo("docker", arguments) { RedirectStandardOutput = true })!;
        Check(await process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync();
        return null;
    }

    private async Task<IAsyncDisposable?> RestartAsync()
    {
        await _executor!.RestartAsync();
        return null;
    }

    private static async Task<IAsyncDisposable?> BlockAsync(ICodeExecutor executor)
    {
        Check((await executor.ExecuteCodeBlocksAsync([Python])).Output);
        return null;
    }

    private async Task<IAsyncDisposable?> NewSessionAsync()
    {
        DockerCommandLineCodeExecutor executor = new(new() { Image = image });
        await executor.StartAsync();
        await BlockAsync(executor);
        return executor;
    }

    private async Task<IAsyncDisposable?> PooledSessionAsync()
    {
        CodeSessionLease lease = await _pool!.RentAsync();
        await BlockAsync(lease.Executor);
        return lease;
    }

    /// <summary>The pool starts nothing then, which would share the machine with what is measured.</summary>
    private async Task FillAsync()
    {
        await _pool!.FillAsync();
        await Task.Delay(Benchmark.Pause);
    }

    private static void Check(string output)
    {
        if (output != "1\n")
        {
            throw new InvalidOperationException($"The program printed '{output}' and not 1.");
        }
    }
}
