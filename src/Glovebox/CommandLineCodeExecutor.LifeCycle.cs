using Glovebox.Execution;
using Glovebox.Functions.Setup;
using Microsoft.Extensions.Logging;

namespace Glovebox;

// When the runner of blocks is started and stopped.
public partial class CommandLineCodeExecutor
{
    /// <summary>Does what starts or stops the runner, one at a time.</summary>
    private async Task HoldAsync(Func<Task> change, CancellationToken cancellationToken)
    {
        await _lifecycle.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await change().ConfigureAwait(false);
        }
        finally
        {
            _lifecycle.Release();
        }
    }

    private async Task DisposeHeldAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await StopHeldAsync().ConfigureAwait(false);
            await _runner.DisposeAsync().ConfigureAwait(false);
            _functions?.Server.Dispose();
        }
    }

    private async Task StartHeldAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_session is not null)
        {
            return;
        }

        await _runner.StartAsync(cancellationToken).ConfigureAwait(false);
        await CheckFunctionsAsync(cancellationToken).ConfigureAwait(false);
        _session = new ExecutorSession();
        _isStopped = false;
        LogStarted(Logger, _runner.Kind);
    }

    /// <summary>Makes sure, once, that the functions load where code runs.</summary>
    private async Task CheckFunctionsAsync(CancellationToken cancellationToken)
    {
        if (_functions is null || _functionSet.IsEmpty || _functionsChecked || _runner.Sandbox is not { } sandbox)
        {
            return;
        }

        try
        {
            await FunctionSetup.CheckAsync(_functions, sandbox.RunAsync, cancellationToken).ConfigureAwait(false);
            _functionsChecked = true;
        }
        catch
        {
            await _runner.StopAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task StopHeldAsync()
    {
        if (_session is not { } session)
        {
            return;
        }

        _session = null;
        _isStopped = true;
        await session.EndAsync().ConfigureAwait(false);
        session.Dispose();
        await _runner.StopAsync().ConfigureAwait(false);
        LogStopped(Logger, _runner.Kind);
    }

    /// <summary>The session that runs; null before the first start.</summary>
    /// <exception cref="InvalidOperationException">The executor is stopped.</exception>
    private ExecutorSession? SessionUnlessStopped()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ExecutorSession? session = _session;
        return session is null && _isStopped
            ? throw new InvalidOperationException("The executor is stopped. Call StartAsync first.")
            : session;
    }

    /// <summary>Starts an executor that nothing has started or stopped yet.</summary>
    private async Task<ExecutorSession> StartOnFirstUseAsync(CancellationToken cancellationToken)
    {
        ExecutorSession? session = null;
        await HoldAsync(
            async () =>
            {
                session = SessionUnlessStopped();
                if (session is null)
                {
                    await StartHeldAsync(cancellationToken).ConfigureAwait(false);
                    session = _session;
                }
            },
            cancellationToken).ConfigureAwait(false);
        return session!;
    }

    /// <summary>Starts the sandbox where nobody has, and again when an earlier block took it down.</summary>
    private protected async Task EnsureStartedAsync(CancellationToken cancellationToken)
    {
        ExecutorSession session = SessionUnlessStopped() ?? await StartOnFirstUseAsync(cancellationToken).ConfigureAwait(false);
        await EnsureRunningAsync(session, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The files of a sandbox that runs.</summary>
    private async Task<IWorkspace> StartedFilesAsync(CancellationToken cancellationToken)
    {
        await EnsureStartedAsync(cancellationToken).ConfigureAwait(false);
        return _runner.Files;
    }

    /// <summary>Starts the sandbox again when an earlier block took it down.</summary>
    private Task EnsureRunningAsync(ExecutorSession session, CancellationToken cancellationToken) =>
        _runner.IsRunning ? Task.CompletedTask : HoldAsync(() => StartAgainHeldAsync(session, cancellationToken), cancellationToken);

    private async Task StartAgainHeldAsync(ExecutorSession session, CancellationToken cancellationToken)
    {
        if (!ReferenceEquals(_session, session))
        {
            throw new ExecutorStoppedException();
        }

        if (!_runner.IsRunning)
        {
            LogStartingAgain(Logger, _runner.Kind);
            await _runner.StartAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Started the {Kind} sandbox.")]
    private static partial void LogStarted(ILogger logger, string kind);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Stopped the {Kind} sandbox.")]
    private static partial void LogStopped(ILogger logger, string kind);

    [LoggerMessage(Level = LogLevel.Information, Message = "The {Kind} sandbox was lost; starting it again.")]
    private static partial void LogStartingAgain(ILogger logger, string kind);
}
