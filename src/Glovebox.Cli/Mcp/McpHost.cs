using Glovebox.Audit;
using Glovebox.Cli.Doctor;
using Glovebox.Cli.Executors;
using Glovebox.Cli.Output;
using Glovebox.Cli.Run;
using Glovebox.Hosting;
using Glovebox.Middleware;
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

    /// <summary>How long a client that asks for the tools waits for the executor, which knows the languages. An image may come for
    /// minutes.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);

    /// <summary>How long a server that is told to end waits for its client to read what is being written.</summary>
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(
        RunRequest request, CodeSessionPoolOptions sessionOptions, int maxTextLength, CancellationToken cancellationToken)
    {
        ExecutorChoice choice = new(request, ExecutorKinds.All);
        using FileAuditSink? audit = request.Audit?.Open(request.WorkDir);
        using StandardErrorLog log = new();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // A client does not wait long for its first answer, so it is served while the executor is tried. A call waits for the choice.
        Task<Chosen> choosing = ChooseAsync(choice, request, stop.Token);
        try
        {
            await ServeSessionsAsync(request, sessionOptions, maxTextLength, choosing, audit, log, stop).ConfigureAwait(false);
        }
        finally
        {
            if (choosing.IsCompletedSuccessfully)
            {
                await choosing.Result.DisposeAsync().ConfigureAwait(false);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return 0;
    }

    /// <summary>Serves the client and ends its sessions.</summary>
    private static async Task ServeSessionsAsync(
        RunRequest request,
        CodeSessionPoolOptions sessionOptions,
        int maxTextLength,
        Task<Chosen> choosing,
        FileAuditSink? audit,
        StandardErrorLog log,
        CancellationTokenSource stop)
    {
        CodeSessionPool sessions = new(
            () => audit is null
                ? choosing.Result.Create()
                : choosing.Result.Create().AsBuilder().UseAudit(audit, request.Audit!.Configure, log).Build(),
            sessionOptions,
            log);
        await using (sessions.ConfigureAwait(false))
        {
            Task filling = FillAsync(sessions, choosing, stop.Token);
            bool sharesState = request.Executor == ExecutorKinds.Auto
                ? request.KeepsState
                : ExecutorKinds.All.Any(k => k.Name == request.Executor && k.SharesState);
            TimeSpan longestBlock = request.Timeout ?? new CommandLineCodeExecutorOptions().Timeout;
            CodeTools tools = new(
                sessions, longestBlock, maxTextLength, sharesState, CodeTools.DescribeNetwork(request.AllowedDomains, request.Secrets));
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
    }

    private static async Task ServeAsync(
        CodeTools tools, Task<Chosen> choosing, StandardErrorLog log, CancellationToken cancellationToken)
    {
        using StandardInput input = new(Console.OpenStandardInput());
        ToolList list = [.. tools.All];
        Task naming = list.NameLanguagesAsync(choosing);
        McpServerOptions options = new()
        {
            ServerInfo = new Implementation { Name = "glovebox", Version = Program.Version, Title = "Glovebox" },
            ServerInstructions = Instructions,
            ToolCollection = list,
        };
        options.Filters.Request.CallToolFilters.Add(next => async (call, cancelled) =>
        {
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancelled, input.Ended);
            await choosing.WaitAsync(either.Token).ConfigureAwait(false);
            return await tools.CallAsync(next, call, either.Token).ConfigureAwait(false);
        });
        options.Filters.Request.ListToolsFilters.Add(next => async (request, cancelled) =>
        {
            await Task.WhenAny(naming, Task.Delay(LongestWait, cancelled)).ConfigureAwait(false);
            list.IsKnown();
            return await next(request, cancelled).ConfigureAwait(false);
        });
        using CancellationTokenSource late = new();
        using CancellationTokenRegistration ending = cancellationToken.Register(() => late.CancelAfter(LastWrite));
        ProtocolOutput output = new(Console.OpenStandardOutput(), late.Token);
        StreamServerTransport transport = new(input.Messages, output, "glovebox", log);
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
    private static async Task<Chosen> ChooseAsync(
        ExecutorChoice choice, RunRequest request, CancellationToken cancellationToken)
    {
        (ICodeExecutor tried, string name) = await choice.StartAsync(made => made, cancellationToken).ConfigureAwait(false);
        CodeExecutorKind kind = ExecutorKinds.All.Single(k => k.Name == name);
        IReadOnlyList<DoctorLanguage> languages = [];
        try
        {
            languages = await DoctorLanguages.FindAsync(tried, name, asksVersions: false, cancellationToken).ConfigureAwait(false);
        }
        catch (CodeExecutionException)
        {
            // The first call tells.
        }
        catch
        {
            // Nobody else knows of it yet.
            await tried.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return new Chosen(tried, () => kind.Create(request), [.. languages.Where(l => l.Usable).Select(l => l.Name)]);
    }

    /// <summary>Hands the executor that was tried over to the sessions.</summary>
    private static async Task FillAsync(CodeSessionPool sessions, Task choosing, CancellationToken cancellationToken)
    {
        await choosing.ConfigureAwait(false);

        // A call may have taken that executor, and another be starting: the end is not to wait for a start that it makes useless.
        await sessions.FillAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The choice of an executor.</summary>
    /// <param name="tried">The executor that was tried, started.</param>
    /// <param name="create">Makes others of its kind.</param>
    /// <param name="languages">The languages whose interpreter is in its sandbox; empty where that is not known.</param>
    private sealed class Chosen(ICodeExecutor tried, Func<ICodeExecutor> create, IReadOnlyList<string> languages) : IAsyncDisposable
    {
        private ICodeExecutor? _first = tried;

        public IReadOnlyList<string> Languages => languages;

        /// <summary>Gives the executor that was tried first, and then others.</summary>
        public ICodeExecutor Create() => Interlocked.Exchange(ref _first, null) ?? create();

        /// <summary>Ends the executor that was tried, if no session has taken it.</summary>
        public ValueTask DisposeAsync() => Interlocked.Exchange(ref _first, null)?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    /// <summary>The tools.</summary>
    private sealed class ToolList : McpServerPrimitiveCollection<McpServerTool>
    {
        private int _isKnown;

        /// <summary>Says that a client asks for the tools.</summary>
        public void IsKnown() => Interlocked.Exchange(ref _isKnown, 1);

        /// <summary>Names the languages when they are known, and has clients ask again that have asked before.</summary>
        public async Task NameLanguagesAsync(Task<Chosen> choosing)
        {
            Chosen chosen = await choosing.ConfigureAwait(false);
            if (chosen.Languages.Count > 0)
            {
                CodeTools.NameLanguages(this[CodeTools.RunCode].ProtocolTool, chosen.Languages);
                if (Interlocked.Exchange(ref _isKnown, 1) == 1)
                {
                    RaiseChanged();
                }
            }
        }
    }
}
