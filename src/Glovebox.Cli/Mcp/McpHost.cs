using Glovebox.Agents;
using Glovebox.Cli.Executors;
using Glovebox.Cli.Run;
using Glovebox.Hosting;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Glovebox.Cli.Mcp;

/// <summary>One <c>glovebox mcp</c>, from the choice of the executor to the end of standard input.</summary>
internal static class McpHost
{
    private const string Instructions =
        """
        Runs code in sandboxes. Each session is a sandbox of its own, named by you: its files stay from call to call, and no session sees
        another's. A session begins with the first run_code or write_file that names it. Print what you want to see, and save plots as PNG
        files: pictures that a run makes come back with its output.
        """;

    public static async Task<int> RunAsync(RunRequest request, CodeSessionPoolOptions sessionOptions, CancellationToken cancellationToken)
    {
        ExecutorChoice choice = new(request, ExecutorKinds.All);
        using StandardErrorLog log = new();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // A client does not wait long for its first answer, so it is served while the executor is tried. A call waits for the choice.
        Task<CodeExecutorKind> choosing = ChooseAsync(choice, stop.Token);
        CodeSessionPool sessions = new(() => choosing.Result.Create(request), sessionOptions, log);
        await using (sessions.ConfigureAwait(false))
        {
            Task serving = ServeAsync(new CodeTools(sessions), choosing, log, stop.Token);
            try
            {
                await (await Task.WhenAny(serving, choosing).ConfigureAwait(false)).ConfigureAwait(false);
                await serving.ConfigureAwait(false);
            }
            finally
            {
                await stop.CancelAsync().ConfigureAwait(false);
                await Task.WhenAll(serving, choosing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return 0;
    }

    private static async Task ServeAsync(
        CodeTools tools, Task<CodeExecutorKind> choosing, StandardErrorLog log, CancellationToken cancellationToken)
    {
        using StandardInput input = new(Console.OpenStandardInput());
        McpServerOptions options = new()
        {
            ServerInfo = new Implementation { Name = "glovebox", Version = Program.Version, Title = "Glovebox" },
            ServerInstructions = Instructions,
            ToolCollection = [.. tools.All],
        };
        options.Filters.Request.CallToolFilters.Add(next => async (call, cancelled) =>
        {
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancelled, input.Ended);
            await choosing.WaitAsync(either.Token).ConfigureAwait(false);
            return await tools.CallAsync(next, call, either.Token).ConfigureAwait(false);
        });
        StreamServerTransport transport = new(input.Messages, Console.OpenStandardOutput(), "glovebox", log);
        await using (transport.ConfigureAwait(false))
        {
            McpServer server = McpServer.Create(transport, options, log);
            await using (server.ConfigureAwait(false))
            {
                await server.RunAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        if (input.Error is { } error)
        {
            throw error;
        }
    }

    /// <summary>Starts an executor once, so that one that cannot work is known now and not when a model first needs it.</summary>
    private static async Task<CodeExecutorKind> ChooseAsync(ExecutorChoice choice, CancellationToken cancellationToken)
    {
        (ICodeExecutor executor, string name) = await choice.StartAsync(made => made, cancellationToken).ConfigureAwait(false);
        await executor.DisposeAsync().ConfigureAwait(false);
        return ExecutorKinds.All.Single(k => k.Name == name);
    }
}
