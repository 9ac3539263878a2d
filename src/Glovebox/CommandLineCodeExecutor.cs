using System.Runtime.CompilerServices;
using Glovebox.Egress;
using Glovebox.Execution;
using Glovebox.Functions;
using Glovebox.Functions.Calls;
using Glovebox.Functions.Setup;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox;

/// <summary>Runs each code block as a process of its own in a sandbox.</summary>
/// <remarks>The executors that are named after a kind of sandbox are this one with that kind's provider.</remarks>
public partial class CommandLineCodeExecutor : ICodeExecutor, IExecutorState
{
    private readonly IBlockRunner _runner;
    private readonly CommandLineCodeExecutorOptions _options;
    private readonly FunctionSet _functionSet;
    private readonly OfferedFunctions? _functions;
    private readonly TimeProvider _timeProvider;
    private readonly EgressReports _reports;

    /// <summary>Held while the runner is started or stopped.</summary>
    private readonly SemaphoreSlim _lifecycle = new(1, 1);

    private ExecutorSession? _session;
    private bool _functionsChecked;
    private bool _isStopped;
    private bool _disposed;

    /// <summary>Makes an executor; nothing is started yet.</summary>
    /// <param name="provider">Starts the sandbox of this executor. It stays the caller's.</param>
    /// <param name="options">Copied. Null: the defaults.</param>
    /// <param name="loggerFactory">Gets what happens. Null: no log.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public CommandLineCodeExecutor(
        ISandboxProvider provider,
        CommandLineCodeExecutorOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null)
        : this(options?.Copy() ?? new(), Processes(provider), loggerFactory, timeProvider)
    {
    }

    /// <summary>Makes an executor.</summary>
    /// <param name="options">This executor's own.</param>
    /// <param name="makeRunner">Makes what runs its blocks, given what sandboxes are made of.</param>
    /// <param name="loggerFactory">Gets what happens. Null: no log.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    private protected CommandLineCodeExecutor(
        CommandLineCodeExecutorOptions options,
        Func<SandboxRequest, CommandLineCodeExecutorOptions, TimeProvider, IBlockRunner> makeRunner,
        ILoggerFactory? loggerFactory,
        TimeProvider? timeProvider)
    {
        _options = options;
        _timeProvider = timeProvider ?? TimeProvider.System;
        Workspace = new StartedWorkspace(StartedFilesAsync);
        Logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger(GetType());
        _functionSet = new FunctionSet(options.FunctionsModule, options.Functions, options.Packages);
        _functions = OfferedFunctions.Of(_functionSet, options, Logger, _timeProvider);
        Dictionary<string, string> variables = GuestVariables.Copy(options.Environment);
        options.Egress.Validate(options.Policy);
        EgressSetup? egress = options.Policy.Network == NetworkAccess.AllowList ? new(options.Policy, options.Egress) : null;
        _reports = new EgressReports(Logger, _timeProvider);
        SandboxRequest request = new()
        {
            Policy = options.Policy,
            WorkDirectory = options.WorkDir,
            Variables = variables,
            Preload = [.. options.Preload],
            WorkDirectoryAliases = options.WorkDirectoryAliases,
            Functions = _functions,
            Egress = egress is null ? null : new EgressRequest(egress, _reports.ReportAsync, _timeProvider),
        };
        request.Validate();
        _runner = makeRunner(request, options, _timeProvider);
    }

    /// <inheritdoc/>
    public IWorkspace Workspace { get; }

    private protected ILogger Logger { get; }

    private protected IBlockRunner BlockRunner => _runner;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken = default) =>
        HoldAsync(() => StartHeldAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken = default) => HoldAsync(StopHeldAsync, cancellationToken);

    /// <inheritdoc/>
    public Task RestartAsync(CancellationToken cancellationToken = default) => HoldAsync(
        async () =>
        {
            await StopHeldAsync().ConfigureAwait(false);
            await StartHeldAsync(cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks, CodeExecutionOptions? options = null, CancellationToken cancellationToken = default)
    {
        CodeBlock[] blocks = CodeBlockList.Copy(codeBlocks);
        return ExecuteAsync(blocks, options?.Copy() ?? CodeExecutionOptions.Default, SessionUnlessStopped(), cancellationToken);
    }

    /// <summary>Describes the functions that guest code can import, for a model's prompt: their signatures and docstrings.</summary>
    /// <param name="template">A text in which <c>$module_name</c> and <c>$functions</c> are replaced. Null: one that says where the
    /// functions are and how to import them.</param>
    /// <returns>An empty text when there are no functions.</returns>
    public string FormatFunctionsForPrompt(string? template = null) => _functionSet.FormatForPrompt(template);

    /// <inheritdoc/>
    public virtual object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType == typeof(SandboxCapabilities) ? (_session is null ? null : _runner.Capabilities)
            : serviceType == typeof(LanguageRegistry) ? _runner.Languages
            : serviceType == typeof(EgressReports) ? _reports
            : serviceType == typeof(ISandbox) ? _runner.Sandbox
            : serviceType == typeof(ISandboxFiles) ? _runner.Sandbox?.Files
            : null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await HoldAsync(DisposeHeldAsync, CancellationToken.None).ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    string IExecutorState.Kind => _runner.Kind;

    bool IExecutorState.SharesState => _runner.SharesState;

    bool IExecutorState.NeedsApproval =>
        _options.FunctionApproval is null && _functionSet.HostFunctions.Values.Any(HostFunctionInvoker.NeedsApproval);

    void IExecutorState.ThrowIfStopped() => SessionUnlessStopped();

    private async IAsyncEnumerable<CodeExecutionUpdate> ExecuteAsync(
        CodeBlock[] blocks,
        CodeExecutionOptions options,
        ExecutorSession? started,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ExecutorSession session = started ?? await StartOnFirstUseAsync(cancellationToken).ConfigureAwait(false);
        Turn turn = _runner.TurnFor(options);
        await turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // What ended the executor while this call waited for its turn ended this call, too.
            session.ThrowIfEnding();
            using CancellationTokenSource kill = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Ending);
            await EnsureRunningAsync(session, cancellationToken).ConfigureAwait(false);
            ProducedFiles? files = _runner.Sandbox is null ? null : new(() => _runner.Files);
            for (int i = 0; i < blocks.Length; i++)
            {
                // Who follows or decides from here on, calls of host functions included, sees what the language is called.
                CodeBlock block = _runner.Languages.Canonical(blocks[i]) ?? blocks[i];
                yield return new BlockStartedUpdate(i, block);
                cancellationToken.ThrowIfCancellationRequested();
                OutputCollector output = new(
                    _options.Policy.MaxOutput ?? ExecutionPolicy.DefaultMaxOutput,
                    i,
                    _options.StreamsWholeOutput ? OutputCollector.MaxUnread : 0);
                Task<BlockResult> running = session.Track(RunBlockAsync(new BlockRun(i, block, options, files, output, kill.Token)));
                bool isRead = false;
                try
                {
                    await foreach (CodeExecutionUpdate update in output.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
                    {
                        yield return update;
                    }

                    isRead = true;
                }
                finally
                {
                    // A reader that leaves early leaves no program behind, and waits for no files.
                    if (!isRead)
                    {
                        await kill.CancelAsync().ConfigureAwait(false);
                    }

                    await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                // Whatever the block ended with, a cancellation is the caller's, and a stop the executor's.
                cancellationToken.ThrowIfCancellationRequested();
                session.ThrowIfEnding();
                BlockResult result = await running.ConfigureAwait(false);
                foreach (WorkspaceFile file in result.OutputFiles)
                {
                    yield return new FileProducedUpdate(i, file);
                }

                string language = WorkspacePath.Printable(result.Language);
                LogBlockCompleted(Logger, i, language, result.ExitCode, result.Termination, result.Duration.TotalMilliseconds);
                yield return new BlockCompletedUpdate(i, result);
                if (result.ExitCode != 0)
                {
                    yield break;
                }
            }
        }
        finally
        {
            turn.Leave();
        }
    }

    /// <summary>Runs a block, which may call functions of the host until it has ended, and looks at its files. When this ends, nothing of
    /// either goes on, and the output is complete.</summary>
    private async Task<BlockResult> RunBlockAsync(BlockRun run)
    {
        long started = _timeProvider.GetTimestamp();
        if (_runner.Languages.IsSkipped(run.Block.Language))
        {
            run.Output.Complete(null);
            return new BlockResult
            {
                Block = run.Block,
                Language = run.Block.Language,
                ExitCode = 0,
                Output = "",
                Termination = TerminationReason.Skipped,
            };
        }

        CallScope? calls = _functions is { HasCalls: true } ? _functions.Server.Begin(run) : null;
        try
        {
            BlockEnd end;
            try
            {
                run.Files?.Begin(run.Kill);
                using IDisposable reporting = _reports.Begin(run);
                end = await _runner.RunAsync(run).ConfigureAwait(false);
                run.Output.Complete(end.Notice);
            }
            finally
            {
                run.Output.Complete(null);
                if (calls is not null)
                {
                    await calls.DisposeAsync().ConfigureAwait(false);
                }
            }

            TimeSpan duration = _timeProvider.GetElapsedTime(started) - end.Waited;
            run.Files?.ExceptCodeFile(end.CodeFile);
            FileChanges changes = run.Files is not { } files ? new([], [], AreComplete: true)
                : _runner.IsRunning ? await files.TakeAsync(run.Kill).ConfigureAwait(false)
                : new([], [], AreComplete: false);
            return new BlockResult
            {
                Block = run.Block,
                Language = run.Block.Language,
                ExitCode = end.ExitCode,
                Output = run.Output.Combined,
                StandardOutput = run.Output.StandardOutput,
                StandardError = run.Output.StandardError,
                Truncated = run.Output.Truncated || end.IsTruncated,
                Duration = duration,
                Termination = end.Termination,
                StateLost = end.StateLost,
                UndoneBlocks = end.UndoneBlocks,
                NotInCheckpoint = end.NotInCheckpoint,
                CodeFile = end.CodeFile,
                Displays = end.Displays,
                OutputFiles = changes.Produced,
                DeletedFiles = changes.Deleted,
                AreOutputFilesComplete = changes.AreComplete,
            };
        }
        finally
        {
            // Not every block gets as far as to wait for it.
            await (run.Files?.Remembered ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Runs blocks as processes of a provider's sandboxes.</summary>
    private protected static Func<SandboxRequest, CommandLineCodeExecutorOptions, TimeProvider, IBlockRunner> Processes(
        ISandboxProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return (request, options, timeProvider) => new ProcessBlockRunner(new LiveSandbox(provider, request), options, timeProvider);
    }

    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "Block {Index} ({Language}) ended with exit code {ExitCode}, {Termination}, after {Milliseconds} ms.")]
    private static partial void LogBlockCompleted(
        ILogger logger, int index, string language, int exitCode, TerminationReason termination, double milliseconds);
}
