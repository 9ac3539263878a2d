using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>What outlives the sandboxes of one request: the work directory with its user, our files for the sandbox, the
/// functions.</summary>
internal sealed class BubblewrapHome(SandboxRequest request) : IAsyncDisposable
{
    /// <summary>The user that guest code sees itself as, unless the policy names another.</summary>
    public static readonly UserId DefaultUser = new(1000, 1000);

    private OwnerMap? _owners;

    public WorkDirectory Work { get; } = request.Keep(() => new WorkDirectory(request.WorkDirectory));

    /// <summary>The user that guest code sees itself as.</summary>
    public UserId Inside { get; } = request.Policy.User is { } user ? UserId.Parse(user) : DefaultUser;

    public SandboxFiles Files => request.Keep(() => new SandboxFiles(Inside));

    public SandboxFunctions? Functions => request.Functions is { } offered ? request.Keep(() => new SandboxFunctions(offered)) : null;

    /// <summary>The user of the host that guest code runs as.</summary>
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
            _owners = User.StandsForRoot ? await OwnerMap.CreateAsync(User.Id, cancellationToken).ConfigureAwait(false) : null;
        }

        HostDirectory directory = User.StandsForRoot
            ? new HostDirectory(Work.Path, owner: null, reader: default(UserId))
            : new HostDirectory(Work.Path, User.Owner);
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

    /// <summary>Makes the mounts that a sandbox sees alone: what it needs of the host is reachable for its user, root's files are that
    /// user's, and device nodes cannot be changed.</summary>
    /// <returns>Null where the sandbox does without: for a plain user, and for a root who may make no mounts but has a guest that is
    /// another user than root and reaches all by itself.</returns>
    /// <exception cref="SandboxUnavailableException">The sandbox needs the mounts, and they cannot be made.</exception>
    /// <param name="directory">The work directory.</param>
    /// <param name="etc">The sandbox's <c>/etc</c>.</param>
    /// <param name="sealsDevices">Whether device nodes cannot be changed.</param>
    public async Task<PrivateMounts?> MountAsync(HostDirectory directory, EtcFolder etc, bool sealsDevices)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        if (await PrivateMounts.FindObstacleAsync().ConfigureAwait(false) is { } obstacle)
        {
            return _owners is not null ? throw SandboxErrors.NotMapped(Work.Path, obstacle)
                : User.CanReach(Work.Path)
                    && User.CanReach(Files.Folder)
                    && User.CanReach(etc.Path)
                    && (Functions is null || User.CanReach(Functions.Folder)) ? null
                : throw new SandboxUnavailableException(
                    "work-directory-unusable",
                    $"Guest code runs as uid {User.Uid}, which cannot enter every folder above '{Work.Path}', and {obstacle}.",
                    "Let every user enter those folders (chmod o+x), or set TMPDIR to a folder such as /tmp.");
        }

        PrivateMounts mounts = new(sealsDevices);
        mounts.Add("work", Work.Path, directory.Root, _owners);
        mounts.Add("files", Files.Folder);
        mounts.Add("etc", etc.Path);
        if (Functions is { } functions)
        {
            mounts.Add("functions", functions.Folder);
        }

        return mounts;
    }

    public ValueTask DisposeAsync()
    {
        _owners?.Dispose();
        return ValueTask.CompletedTask;
    }
}
