using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>What outlives the sandboxes of one request: the work directory with its owner, our files for the sandbox, the
/// functions.</summary>
internal sealed class BubblewrapHome : IAsyncDisposable
{
    private OwnerMap? _owners;

    public BubblewrapHome(SandboxRequest request)
    {
        Work = new WorkDirectory(request.WorkDirectory);
        Inside = request.Policy.User is { } user ? UserId.Parse(user) : new UserId(1000, 1000);
        Functions = request.Functions is { } offered ? new SandboxFunctions(offered) : null;
        Files = new Lazy<SandboxFiles>(() => new SandboxFiles(Inside));
    }

    public WorkDirectory Work { get; }

    /// <summary>The user that guest code sees itself as.</summary>
    public UserId Inside { get; }

    public SandboxFunctions? Functions { get; }

    public Lazy<SandboxFiles> Files { get; }

    /// <summary>The user of the host that guest code is.</summary>
    public GuestUser User { get; private set; } = new(0, 0);

    /// <summary>Makes the work directory, chooses its user, and opens it.</summary>
    public async Task<HostDirectory> OpenWorkAsync(BubblewrapInternals internals, CancellationToken cancellationToken)
    {
        Work.Create();
        if (!User.TakesOver)
        {
            // The directory may have another owner than at the last start.
            User = GuestUser.Choose(Work.Path, Work.IsMade, internals.AvoidsRoot);
            _owners?.Dispose();
            _owners = User.StandsForRoot
                ? await OwnerMap.CreateAsync(new UserId(User.Uid, User.Gid), cancellationToken).ConfigureAwait(false)
                : null;
        }

        HostDirectory directory = User.StandsForRoot
            ? new HostDirectory(Work.Path, owner: null, reader: default(UserId))
            : new HostDirectory(Work.Path, User.MustSwitch ? new UserId(User.Uid, User.Gid) : null);
        try
        {
            if (User.TakesOver)
            {
                directory.GiveAwayRoot();
            }

            directory.CheckWritable();
            directory.RefuseSetId();
            return directory;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Makes the mounts that a sandbox sees alone; null: it needs none.</summary>
    public Task<PrivateMounts?> MountAsync(HostDirectory directory, bool sealsDevices)
    {
        (string, string)[] folders = [("files", Files.Value.Folder), .. Functions is null ? [] : new[] { ("functions", Functions.MakeFolder()) }];
        return SandboxMounts.CreateAsync(User, (directory, Work.Path), folders, _owners, sealsDevices);
    }

    public async ValueTask DisposeAsync()
    {
        _owners?.Dispose();
        if (Functions is not null)
        {
            await Functions.DeleteAsync().ConfigureAwait(false);
        }

        if (Files.IsValueCreated)
        {
            await Files.Value.DeleteAsync().ConfigureAwait(false);
        }

        await Work.DeleteOwnedAsync().ConfigureAwait(false);
    }
}
