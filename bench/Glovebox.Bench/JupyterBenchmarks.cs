using Glovebox.Jupyter;

namespace Glovebox.Bench;

/// <summary>What a cell costs in a kernel that is there, against the same message over a plain WebSocket.</summary>
/// <remarks>A Jupyter server writes the messages of a cell one by one with Nagle's algorithm on: over TCP, whoever does nothing about it
/// waits for delayed acknowledgements. So there are two plain WebSockets: over TCP, and over a Unix socket, which has neither.</remarks>
internal sealed class JupyterBenchmarks : IAsyncDisposable
{
    private const string Code = "print(1)";

    private readonly List<IAsyncDisposable> _used = [];

    public async Task<IReadOnlyList<Benchmark>> StartAsync()
    {
        PlainKernel tcp = await PlainKernel.StartAsync(usesPort: true);
        _used.Add(tcp);
        PlainKernel unix = await PlainKernel.StartAsync(usesPort: false);
        _used.Add(unix);
        JupyterCodeExecutor remote = await StartAsync(new() { Url = tcp.Url });
        JupyterCodeExecutor sandbox = await StartAsync(new());

        Benchmark overTcp = new("plain WebSocket over TCP: a cell", () => tcp.ExecuteAsync(Code));
        Benchmark overUnix = new("plain WebSocket over a Unix socket: a cell", () => unix.ExecuteAsync(Code));
        return
        [
            overTcp,
            new("jupyter at a URL, the same server: a cell", () => CellAsync(remote)) { Baseline = overTcp, Goal = 1.2 },
            overUnix,
            new("jupyter in a sandbox: a cell", () => CellAsync(sandbox)) { Baseline = overUnix, Goal = 1.2 },
        ];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable used in Enumerable.Reverse(_used))
        {
            await used.DisposeAsync();
        }
    }

    private async Task<JupyterCodeExecutor> StartAsync(JupyterCodeExecutorOptions options)
    {
        JupyterCodeExecutor executor = new(options);
        _used.Add(executor);
        await executor.StartAsync();
        return executor;
    }

    private static async Task<IAsyncDisposable?> CellAsync(JupyterCodeExecutor executor)
    {
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", Code)]);
        return result.Output == "1\n" ? null : throw new InvalidOperationException($"The cell printed '{result.Output}' and not 1.");
    }
}
