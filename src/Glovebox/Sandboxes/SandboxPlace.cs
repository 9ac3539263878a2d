namespace Glovebox.Sandboxes;

/// <summary>What a provider has started for one sandbox, apart from the stream to its guest agent: how it ends, and what it tells of its
/// end.</summary>
/// <remarks>Disposing it ends whatever is left of it. It is disposed after the stream to the agent.</remarks>
public abstract class SandboxPlace : IAsyncDisposable
{
    /// <summary>Gets the kind of the provider.</summary>
    public abstract string Kind { get; }

    /// <summary>Gets the work directory as guest code sees it. The default is <c>/workspace</c>.</summary>
    public virtual string WorkDirectory => "/workspace";

    /// <summary>Gets the files of the work directory where the host reaches them itself. Null, the default: the guest agent does.</summary>
    public virtual IWorkspace? Workspace => null;

    /// <summary>Gets how many bytes of memory the guest has; 0, the default, for no limit.</summary>
    public virtual long Memory => 0;

    /// <summary>Ends every process of the sandbox by force, without waiting for anything.</summary>
    public abstract void Kill();

    /// <summary>Ends the sandbox, before the stream to its agent is closed. The default does nothing, for that ends it, too.</summary>
    public virtual Task EndAsync() => Task.CompletedTask;

    /// <summary>Ends whatever is left.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>Tells whether a process was ended because memory ran out since this was last asked. The default is no.</summary>
    /// <param name="isExpected">Whether there is reason to wait a moment for the news.</param>
    public virtual ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => new(false);

    /// <summary>Gets how many bytes of memory the guest holds; 0, the default, where that is not known.</summary>
    public virtual ValueTask<long> MemoryInUseAsync() => new(0);

    /// <summary>Tells how the sandbox ended that was lost while a process ran in it.</summary>
    /// <param name="kill">Whether the process was to be killed, so that the end is no surprise, and its reason is not waited for.</param>
    /// <exception cref="SandboxLostException">It ended by no doing of the guest's.</exception>
    public virtual Task<ProcessExit> ExplainEndAsync(CancellationToken kill) => Task.FromResult(
        new ProcessExit(
            ProcessExitKind.SandboxLost,
            137,
            kill.IsCancellationRequested ? null : "The sandbox has ended; the next block gets a fresh one."));

    /// <summary>Says how a process ended, given what was reported of it.</summary>
    /// <param name="reported">What was reported; null: the sandbox ended first.</param>
    /// <param name="reportsMemory">Whether the report would say that memory ran out where the place cannot.</param>
    /// <param name="ended">Completes when the sandbox is gone.</param>
    /// <param name="kill">Whether it was to be killed.</param>
    internal async ValueTask<ProcessExit> FinishAsync(ProcessExit? reported, bool reportsMemory, Task ended, CancellationToken kill)
    {
        if (reported is null)
        {
            return await TakeOutOfMemoryAsync(isExpected: false).ConfigureAwait(false)
                ? OutOfMemory()
                : await ExplainEndAsync(kill).ConfigureAwait(false);
        }

        bool isExpected = !reportsMemory && reported.Kind == ProcessExitKind.Signaled;
        bool isOutOfMemory = reported.Kind == ProcessExitKind.OutOfMemory
            || (reported is { ExitCode: 137, Kind: ProcessExitKind.Exited or ProcessExitKind.Signaled }
                && await TakeOutOfMemoryAsync(isExpected).ConfigureAwait(false));
        if (!isOutOfMemory)
        {
            return reported;
        }

        // Shared memory and temporary files outlive the program that filled them: a sandbox that stays full would fail every block.
        if (await MemoryInUseAsync().ConfigureAwait(false) > Memory / 2)
        {
            Kill();
            await ended.ConfigureAwait(false);
        }

        return OutOfMemory();
    }

    /// <summary>The exit of a process that was ended because memory ran out.</summary>
    internal ProcessExit OutOfMemory() => new(ProcessExitKind.OutOfMemory, 137, $"Out of memory: the limit is {Memory >> 20} MiB.");
}
