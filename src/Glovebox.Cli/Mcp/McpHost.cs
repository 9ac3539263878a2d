using Glovebox.Cli.Executors;
using Glovebox.Cli.Run;
using Glovebox.Hosting;
using Glovebox.Sessions;
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

    public static async Task<int> RunAsync(
        RunRequest request, CodeSessionPoolOptions sessionOptions, int maxTextLength, CancellationToken cancellationToken)
    {
        ExecutorChoice choice = new(request, ExecutorKinds.All);
        using StandardErrorLog log = new();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // A client does not wait long for its first answer, so it is served while the executor is tried. A call waits for the choice.
        Task<Func<ICodeExecutor>> choosing = ChooseAsync(choice, request, stop.Token);
        CodeSessionPool sessions = new(() => choosing.Result(), sessionOptions, log);
        await using (sessions.ConfigureAwait(false))
        {
            Task filling = FillAsync(sessions, choosing);

            // auto never takes an executor that shares state.
            bool sharesState = ExecutorKinds.All.Any(k => k.Name == request.Executor && k.SharesState);
            TimeSpan longestBlock = request.Timeout ?? new CommandLineCodeExecutorOptions().Timeout;
            CodeTools tools = new(sessions, longestBlock, maxTextLength, sharesState);
            Task serving = ServeAsync(tools, choosing, log, stop.Token);
            try
            {
                await (await Task.WhenAny(serving, choosing).ConfigureAwait(false)).ConfigureAwait(false);
                await serving.ConfigureAwait(false);
            }
            finally
            {
                await stop.CancelAsync().ConfigureAwait(false);
                await Task.WhenAll(serving, filling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return 0;
    }

    private static async Task ServeAsync(
        CodeTools tools, Task choosing, StandardErrorLog log, CancellationToken cancellationToken)
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

    /// <summary>Starts an executor, so that one that cannot work is known now and not when a model first needs it.</summary>
    /// <returns>Gives that executor first, and then others of its kind.</returns>
    private static async Task<Func<ICodeExecutor>> ChooseAsync(
        ExecutorChoice choice, RunRequest request, CancellationToken cancellationToken)
    {
        (ICodeExecutor? tried, string name) = await choice.StartAsync(made => made, cancellationToken).ConfigureAwait(false);
        CodeExecutorKind kind = ExecutorKinds.All.Single(k => k.Name == name);
        return () => Interlocked.Exchange(ref tried, null) ?? kind.Create(request);
    }

    /// <summary>Hands the executor that was tried over to the sessions.</summary>
    private static async Task FillAsync(CodeSessionPool sessions, Task choosing)
    {
        await choosing.ConfigureAwait(false);
        await sessions.FillAsync(CancellationToken.None).ConfigureAwait(false);
    }
}
