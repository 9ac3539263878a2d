namespace Glovebox;

/// <summary>Runs code blocks in order and reports what they print, draw and write.</summary>
/// <remarks>
/// <para><b>Life.</b> <see cref="StartAsync"/> starts an executor, and so does its first use; starting a started executor does nothing. A
/// stopped executor stays stopped until <see cref="StartAsync"/> or <see cref="RestartAsync"/> is called: executing then throws
/// <see cref="InvalidOperationException"/>. Any use after disposal throws <see cref="ObjectDisposedException"/>.</para>
/// <para><b>Concurrency.</b> All members may be called from any thread. Executions on one executor are serialised: a second call
/// waits until the first has ended. Stopping, restarting or disposing ends a running execution; its caller gets an
/// <see cref="ExecutorStoppedException"/>.</para>
/// <para><b>Ownership.</b> A work directory that the caller named belongs to the caller: it is created when missing and never deleted.
/// One that the executor made for itself lives until disposal.</para>
/// <para><b>Errors.</b> A program that fails, runs out of time or is killed is a result. A sandbox that fails is a
/// <see cref="CodeExecutionException"/>. Cancellation by the caller is an <see cref="OperationCanceledException"/> with the caller's
/// token, and when it is thrown the code has already been killed.</para>
/// </remarks>
public interface ICodeExecutor : IAsyncDisposable
{
    /// <summary>Gets the files of the work directory.</summary>
    /// <exception cref="InvalidOperationException">On use of its members while the executor is stopped.</exception>
    IWorkspace Workspace { get; }

    /// <summary>Makes the sandbox ready. Does nothing when it is already.</summary>
    /// <param name="cancellationToken">Gives up the start; whatever had been started is ended.</param>
    /// <exception cref="CodeExecutionException">The sandbox cannot be started, or cannot enforce a control that was asked
    /// for.</exception>
    Task StartAsync(CancellationToken cancellationToken = default);

    /// <summary>Ends the sandbox and every process in it. Does nothing when it is not started.</summary>
    /// <param name="cancellationToken">Gives up waiting; the sandbox is ended all the same.</param>
    Task StopAsync(CancellationToken cancellationToken = default);

    /// <summary>Ends every process and starts a fresh sandbox. Files of the work directory are kept.</summary>
    /// <param name="cancellationToken">Gives up the restart; the executor is then stopped.</param>
    /// <exception cref="CodeExecutionException">The sandbox cannot be started.</exception>
    Task RestartAsync(CancellationToken cancellationToken = default);

    /// <summary>Runs code blocks in order until one fails, and reports what happens as it happens.</summary>
    /// <param name="codeBlocks">At least one block.</param>
    /// <param name="options">Options of this execution. Null: those of the executor alone.</param>
    /// <param name="cancellationToken">Kills the running block and everything it started, then throws.</param>
    /// <returns>For each block that ran: one start, any output, displays and files, one completion. Leaving the enumeration early
    /// kills the running block.</returns>
    /// <exception cref="ArgumentException">No block was given, or a block is null.</exception>
    /// <exception cref="InvalidOperationException">The executor is stopped.</exception>
    /// <exception cref="CodeExecutionException">The sandbox cannot be started, or failed.</exception>
    IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks, CodeExecutionOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Gets a service: the executor itself, one that it wraps, or what they offer, such as
    /// <see cref="SandboxCapabilities"/>.</summary>
    /// <remarks>A started executor with a sandbox gives the <see cref="ISandbox"/>, and its <see cref="ISandboxFiles"/>: all files, not
    /// only those of the work directory. They end with the sandbox: ask again after a restart.</remarks>
    /// <param name="serviceType">The type asked for.</param>
    /// <param name="serviceKey">A key, or null.</param>
    /// <returns>The service, or null when there is none.</returns>
    object? GetService(Type serviceType, object? serviceKey = null);
}
