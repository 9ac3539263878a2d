using Glovebox.Docker.Containers;
using Glovebox.Docker.Engine;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Docker;

/// <summary>What outlives the containers of one request: their owner's tag, the work directory or the volume in its place, the functions
/// with the volume of their packages.</summary>
internal sealed class DockerHome : IAsyncDisposable
{
    private readonly ContainerOwner _owner = new();
    private EngineConnection? _engine;
    private ContainerUser? _user;

    public DockerHome(ContainerDefinition spec)
    {
        bool stays = !spec.Options.StopContainer;
        Work = spec.WorkDirectory is { } path ? new WorkDirectory(path) : null;

        // The volume of a container that stays has no name: it goes with that container, even if another executor has it by then.
        Volume = Work is null && !stays ? new WorkVolume(Owner, spec.Policy.DiskSpace) : null;
        Functions = spec.Request.Functions is { } offered
            ? new ContainerFunctions(offered, stays ? null : new WorkVolume(Owner, size: null))
            : null;
    }

    /// <summary>The tag of what is ours.</summary>
    public string Owner => _owner.ToString();

    /// <summary>The work directory on this machine; null: a volume of the engine.</summary>
    public WorkDirectory? Work { get; }

    public WorkVolume? Volume { get; }

    public ContainerFunctions? Functions { get; }

    private IEnumerable<WorkVolume> Volumes =>
        new[] { Volume, Functions is { HasPackages: true } functions ? functions.Volume : null }.OfType<WorkVolume>();

    /// <summary>Connects to the engine. What an earlier connection served has ended.</summary>
    public async Task<EngineConnection> ConnectAsync(string? host, CancellationToken cancellationToken)
    {
        _engine?.Dispose();
        _engine = null;
        return _engine = await EngineConnection.OpenAsync(host, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes the work directory and the volumes, and chooses the user that guest code runs as.</summary>
    /// <returns>The user, and the work directory where this machine reaches it.</returns>
    public async Task<(ContainerUser User, HostDirectory? Files)> PrepareAsync(
        ContainerDefinition spec, EngineConnection engine, CancellationToken cancellationToken)
    {
        Work?.Create();
        _user ??= ContainerUser.Choose(spec.Policy.User, Work?.Path, Work?.IsMade ?? false, engine.IsRootless);
        if (spec.Options is { InitCommand: not null, StopContainer: false } && _user.IsRoot)
        {
            throw ContainerUser.WouldShareSetUp(
                "would get in a container that stays: it can replace the programs that the next host starts there.");
        }

        foreach (WorkVolume volume in Volumes)
        {
            await volume.EnsureAsync(engine, cancellationToken).ConfigureAwait(false);
        }

        return (_user, Work is null || !OperatingSystem.IsLinux() ? null : Open(Work, _user, engine));
    }

    public async ValueTask DisposeAsync()
    {
        if (_engine is { } engine)
        {
            foreach (WorkVolume volume in Volumes)
            {
                await volume.RemoveAsync(engine).ConfigureAwait(false);
            }

            engine.Dispose();
        }

        _owner.Dispose();
    }

    private static HostDirectory Open(WorkDirectory work, ContainerUser user, EngineConnection engine)
    {
        HostDirectory files = new(work.Path, user.HostOwner, Environment.IsPrivilegedProcess && !engine.IsRootless ? user.Id : null);
        try
        {
            if (work.IsMade && user.HostOwner is not null)
            {
                files.GiveAwayRoot();
            }

            files.CheckWritable();
            files.RefuseSetId();
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }
}
