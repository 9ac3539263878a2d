using Glovebox.Docker.Containers;
using Glovebox.Docker.Engine;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Docker;

/// <summary>A container, as what a sandbox stands on. It owns the container, which may outlive its host, and the work directory, where this
/// machine reaches that.</summary>
internal sealed class DockerPlace(
    EngineConnection engine, DockerContainer container, HostDirectory? files, long memory, bool stays) : SandboxPlace
{
    /// <summary>How long news of a container may take to arrive after what they are about: an engine with much to do tells of an end only
    /// when it has cleaned up after it.</summary>
    private static readonly TimeSpan News = TimeSpan.FromSeconds(5);

    /// <summary>How long to wait for the engine where it should answer at once.</summary>
    private static readonly TimeSpan ShortNews = TimeSpan.FromSeconds(1);

    /// <summary>How long the engine may take to tell of memory that ran out. A program that was killed for another reason waits for its
    /// result that long.</summary>
    private static readonly TimeSpan OutOfMemoryNews = TimeSpan.FromMilliseconds(500);

    public override string Kind => DockerSandboxProvider.KindName;

    public override IWorkspace? Workspace => files;

    public override long Memory => memory;

    public override void Kill() => container.Kill();

    public override ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) =>
        container.Watch.TakeOutOfMemoryAsync(isExpected ? OutOfMemoryNews : TimeSpan.Zero);

    public override async ValueTask<long> MemoryInUseAsync() => await container.MemoryInUseAsync().ConfigureAwait(false);

    public override async Task<ProcessExit> ExplainEndAsync(CancellationToken kill)
    {
        ContainerEnd? end = kill.IsCancellationRequested ? null : await container.Watch.EndAsync(News, kill).ConfigureAwait(false);
        if (end is null && kill.IsCancellationRequested)
        {
            return new ProcessExit(ProcessExitKind.SandboxLost, 137);
        }

        if (end is { IsOutOfMemory: true })
        {
            return OutOfMemory();
        }

        if (end is { IsKilled: true })
        {
            throw new SandboxLostException(
                "The container was ended from outside while code was running.",
                "Somebody killed, stopped or removed it. The next execution starts a fresh container.");
        }

        if (end is null)
        {
            try
            {
                await engine.Client.System.PingAsync(CancellationToken.None).WaitAsync(
                    ShortNews, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (EngineErrors.IsLoss(e))
            {
                throw EngineErrors.Lost(engine.Endpoint, e);
            }
        }

        return new ProcessExit(
            ProcessExitKind.SandboxLost, end?.ExitCode ?? 137, "The container has ended; the next block gets a fresh one.");
    }

    public override Task EndAsync() => stays ? Task.CompletedTask : container.EndAsync();

    public override async ValueTask DisposeAsync()
    {
        await container.DisposeAsync().ConfigureAwait(false);
        files?.Dispose();
    }
}
