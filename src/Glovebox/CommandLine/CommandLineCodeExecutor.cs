using System.Runtime.CompilerServices;
using Glovebox.Environments;
using Glovebox.Functions.Calls;
using Glovebox.Functions.Setup;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox;

/// <summary>Runs each code block as a process of its own in an environment. What the command-line executors share.</summary>
public abstract partial class CommandLineCodeExecutor : ICodeExecutor, IStartedCheck
{
    private readonly IExecutionEnvironment _environment;
    private readonly IBlockRunner _runner;
    private readonly CommandLineSettings _settings;
    private readonly OfferedFunctions? _functions;

    /// <summary>Held while the environment is started or stopped.</summary>
    private readonly SemaphoreSlim _lifecycle = new(1, 1);

    /// <summary>Held by the execution that runs.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);

    private ExecutorSession? _session;
    private bool _functionsChecked;
    private bool _disposed;

    private protected CommandLineCodeExecutor(
        IExecutionEnvironment environment, CommandLineSettings settings, ILoggerFactory? loggerFactory, TimeProvider? timeProvider)
        : this(environment, settings, new BlockRunner(environment, settings, timeProvider ?? TimeProvider.System), loggerFactory, timeProvider)
    {
    }

    private protected CommandLineCodeExecutor(
        IExecutionEnvironment environment, CommandLineSettings settings, IBlockRunner runner, ILoggerFactory? loggerFactory, TimeProvider? timeProvider)
    {
        _environment = environment;
        _settings = settings;
        _runner = runner;
        Workspace = new StartedWorkspace(StartedFilesAsync);
        Logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger(GetType());
        _functions = settings.Offer(Logger, timeProvider ?? TimeProvider.System);
        if (_functions is not null)
        {
            (environment as IFunctionEnvironment ?? throw new ArgumentException("Functions is not empty, but this environment offers none.")).Offer(_functions);
        }
    }

    /// <inheritdoc/>
    public IWorkspace Workspace { get; }

    private protected ILogger Logger { get; }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await _lifecycle.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await StartHeldAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await _lifecycle.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await StopHeldAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    /// <inheritdoc/>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await _lifecycle.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await StopHeldAsync(cancellationToken).ConfigureAwait(false);
            await StartHeldAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks, CancellationToken cancellationToken = default)
    {
        CodeBlock[] blocks = CodeBlockList.Copy(codeBlocks);
        return ExecuteAsync(blocks, StartedSession(), cancellationToken);
    }

    /// <summary>Describes the functions that guest code can import, for a model's prompt: their signatures and docstrings.</summary>
    /// <param name="template">A text in which <c>$module_name</c> and <c>$functions</c> are replaced. Null: one that says where the functions
    /// are and how to import them.</param>
    /// <returns>An empty text when there are no functions.</returns>
    public string FormatFunctionsForPrompt(string? template = null) => _settings.Functions.FormatForPrompt(template);

    /// <inheritdoc/>
    public virtual object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType == typeof(EnvironmentCapabilities) ? (_session is null ? null : _environment.Capabilities)
            : serviceType == typeof(LanguageRegistry) ? _runner.Languages
            : serviceType.IsInstanceOfType(_environment) ? _environment
            : null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _lifecycle.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            await StopHeldAsync(CancellationToken.None).ConfigureAwait(false);
            await _environment.DisposeAsync().ConfigureAwait(false);
            _functions?.Server.Dispose();
        }
        finally
        {
            _lifecycle.Release();
        }

        GC.SuppressFinalize(this);
    }

    void IStartedCheck.ThrowIfNotStarted() => StartedSession();

    private async Task StartHeldAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_session is not null)
        {
            return;
        }

        await _environment.StartAsync(cancellationToken).ConfigureAwait(false);
        await CheckFunctionsAsync(cancellationToken).ConfigureAwait(false);
        _session = new ExecutorSession();
        LogStarted(Logger, _environment.Kind);
    }

    /// <summary>Makes sure, once, that the functions load where code runs.</summary>
    private async Task CheckFunctionsAsync(CancellationToken cancellationToken)
    {
        if (_functions is null || _functionsChecked)
        {
            return;
        }

        try
        {
            await FunctionSetup.CheckAsync(_functions, _environment.RunAsync, cancellationToken).ConfigureAwait(false);
            _functionsChecked = true;
        }
        catch
        {
            await _environment.StopAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private async Task StopHeldAsync(CancellationToken cancellationToken)
    {
        if (_session is not { } session)
        {
            return;
        }

        _session = null;
        await session.EndAsync().ConfigureAwait(false);
        session.Dispose();
        await _environment.StopAsync(cancellationToken).ConfigureAwait(false);
        LogStopped(Logger, _environment.Kind);
    }

    private ExecutorSession StartedSession()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _session ?? throw new InvalidOperationException("The executor is not started. Call StartAsync first.");
    }

    private async IAsyncEnumerable<CodeExecutionUpdate> ExecuteAsync(
        CodeBlock[] blocks, ExecutorSession session, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // What ended the executor while this call waited for its turn ended this call, too.
            session.ThrowIfEnding();
            using CancellationTokenSource kill = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Ending);
            await EnsureRunningAsync(session, cancellationToken).ConfigureAwait(false);
            ProducedFiles? files = _settings.TracksFiles ? new(() => _environment.Files) : null;
            for (int i = 0; i < blocks.Length; i++)
            {
                // Who follows or decides from here on, calls of host functions included, sees what the language is called.
                CodeBlock block = _runner.Languages.Canonical(blocks[i]) ?? blocks[i];
                yield return new BlockStartedUpdate(i, block);
                cancellationToken.ThrowIfCancellationRequested();
                OutputCollector output = new(_settings.MaxOutput, i);
                Task<BlockResult> running = session.Track(RunBlockAsync(i, block, files, output, kill.Token));
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
            _turn.Release();
        }
    }

    /// <summary>Runs a block and looks at its files. When this ends, nothing of either goes on.</summary>
    private async Task<BlockResult> RunBlockAsync(int index, CodeBlock block, ProducedFiles? files, OutputCollector output, CancellationToken kill)
    {
        files?.Begin(kill);
        try
        {
            BlockResult result = await RunWithCallsAsync(index, block, files, output, kill).ConfigureAwait(false);
            files?.ExceptCodeFile(result.CodeFile);
            return files is not null && _environment.IsRunning
                ? result with { OutputFiles = await files.TakeAsync(kill).ConfigureAwait(false) }
                : result;
        }
        finally
        {
            output.Complete(null);

            // Not every block gets as far as to wait for it.
            await (files?.Remembered ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Runs a block, which may call functions of the host until it has ended.</summary>
    private async Task<BlockResult> RunWithCallsAsync(int index, CodeBlock block, ProducedFiles? files, OutputCollector output, CancellationToken kill)
    {
        CallScope? calls = _functions is { HasCalls: true } ? _functions.Server.Begin(index, block, output, kill) : null;
        try
        {
            return await _runner.RunAsync(block, files, output, kill).ConfigureAwait(false);
        }
        finally
        {
            if (calls is not null)
            {
                await calls.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>The files of an environment that runs.</summary>
    private async Task<IWorkspace> StartedFilesAsync(CancellationToken cancellationToken)
    {
        await EnsureRunningAsync(StartedSession(), cancellationToken).ConfigureAwait(false);
        return _environment.Files;
    }

    /// <summary>Starts the environment again when an earlier block took it down.</summary>
    private async Task EnsureRunningAsync(ExecutorSession session, CancellationToken cancellationToken)
    {
        if (_environment.IsRunning)
        {
            return;
        }

        await _lifecycle.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!ReferenceEquals(_session, session))
            {
                throw new ExecutorStoppedException();
            }

            if (!_environment.IsRunning)
            {
                LogStartingAnew(Logger, _environment.Kind);
                await _environment.StartAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Started the {Kind} environment.")]
    private static partial void LogStarted(ILogger logger, string kind);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Stopped the {Kind} environment.")]
    private static partial void LogStopped(ILogger logger, string kind);

    [LoggerMessage(Level = LogLevel.Information, Message = "The {Kind} environment was lost; starting it again.")]
    private static partial void LogStartingAnew(ILogger logger, string kind);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Block {Index} ({Language}) ended with exit code {ExitCode}, {Termination}, after {Milliseconds} ms.")]
    private static partial void LogBlockCompleted(
        ILogger logger, int index, string language, int exitCode, TerminationReason termination, double milliseconds);
}
