using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>What a sandbox stands on, and ends with: the open work directory, what is mounted for it alone, its control group, its
/// process.</summary>
/// <param name="directory">The work directory.</param>
/// <param name="memory">The bytes of memory that the guest may have.</param>
internal sealed class BubblewrapPlace(HostDirectory directory, long memory) : SandboxPlace
{
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMilliseconds(500);

    private SandboxSpawn? _spawn;

    public override string Kind => BubblewrapSandboxProvider.KindName;

    public override IWorkspace Workspace => directory;

    public override long Memory => memory;

    public HostDirectory Directory => directory;

    /// <summary>What is mounted for the sandbox alone; null: it needs no mounts.</summary>
    public PrivateMounts? Mounts { get; set; }

    /// <summary>The control group; null: control groups are not used.</summary>
    public ControlGroup? Group { get; set; }

    /// <summary>Takes over the process that holds the sandbox. Without one, each program has a sandbox of its own.</summary>
    public void Own(SandboxSpawn spawn) => _spawn = spawn;

    /// <summary>The path by which the sandbox's user reaches a file or folder.</summary>
    public string Reachable(string path) => Mounts?.PathOf(path) ?? path;

    public override void Kill() => _spawn?.Process.Kill();

    public override ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => new(Group?.TakeOutOfMemory() ?? false);

    public override ValueTask<long> MemoryInUseAsync() => new(_spawn is null ? 0 : Group?.MemoryInUse() ?? 0);

    /// <summary>Ends what is left. When this returns it is gone; only where the agent did not end in time the kernel may be about to bury
    /// the last of the processes, which are killed.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (_spawn is { } spawn)
        {
            _spawn = null;
            await spawn.EndAsync(LongestEnd).ConfigureAwait(false);
        }

        Group?.Dispose();
        Mounts?.Dispose();
        directory.Dispose();
    }
}
