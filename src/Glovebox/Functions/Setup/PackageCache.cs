namespace Glovebox.Functions.Setup;

/// <summary>Sets of installed packages that the sandboxes of this process share. Each is installed once, used read-only, and deleted when
/// it is old, when too many lie idle, or with the process.</summary>
/// <remarks>Nothing is kept for another process: so no half-made set is ever found, and no other user has a place to put one.</remarks>
/// <param name="timeProvider">Tells how old a set is.</param>
internal sealed class PackageCache(TimeProvider timeProvider)
{
    /// <summary>How many sets that no executor uses are kept.</summary>
    public const int MaxIdle = 8;

    /// <summary>How many bytes those have at most.</summary>
    public const long MaxIdleSize = 1L << 30;

    /// <summary>How long after its installation a set is given to new executors: a requirement without a version means what the index
    /// has.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private static readonly Lazy<PackageCache> OfProcess = new(() =>
    {
        PackageCache cache = new(TimeProvider.System);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => cache.ClearAsync().Wait();
        return cache;
    });

    private readonly Lock _changing = new();
    private readonly Dictionary<string, PackageSet> _sets = new(StringComparer.Ordinal);

    /// <summary>The cache of this process.</summary>
    public static PackageCache Shared => OfProcess.Value;

    /// <summary>Gets a set of packages, which is installed unless it is there. Where another caller is at it, this one waits.</summary>
    /// <param name="key">Stands for all that decides what is installed; null: the set is the caller's alone.</param>
    /// <param name="install">Installs into a new folder, and says whether others may share what it has installed.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The set, for as long as it is not disposed.</returns>
    public async Task<PackageLease> TakeAsync(string? key, Func<PackageFolder, Task<bool>> install, CancellationToken cancellationToken)
    {
        PackageSet set = Join(key, out bool isFirst);
        if (!isFirst)
        {
            try
            {
                if (await set.IsShared.Task.WaitAsync(cancellationToken).ConfigureAwait(false))
                {
                    return new PackageLease(this, set);
                }
            }
            catch
            {
                await LeaveAsync(set).ConfigureAwait(false);
                throw;
            }

            // The other one failed, or gave up: many who wait must not try one after another.
            await LeaveAsync(set).ConfigureAwait(false);
            set = Join(null, out _);
        }

        try
        {
            bool isShared = await install(set.Folder).ConfigureAwait(false) && set.Key is not null;
            Settle(set, isShared, isShared ? set.Folder.Measure() : 0);
        }
        catch
        {
            Settle(set, isShared: false, size: 0);
            await LeaveAsync(set).ConfigureAwait(false);
            throw;
        }

        return new PackageLease(this, set);
    }

    /// <summary>Deletes all sets, those in use too.</summary>
    public async Task ClearAsync()
    {
        PackageSet[] all;
        lock (_changing)
        {
            all = [.. _sets.Values];
            Array.ForEach(all, Unlist);
        }

        await DeleteAsync(all).ConfigureAwait(false);
    }

    /// <summary>Ends the use of a set.</summary>
    internal async ValueTask LeaveAsync(PackageSet set)
    {
        List<PackageSet> gone;
        lock (_changing)
        {
            set.Users--;
            set.LastUsed = timeProvider.GetTimestamp();
            gone = Trim();
            if (set.Users == 0 && !IsListed(set) && !gone.Contains(set))
            {
                gone.Add(set);
            }
        }

        await DeleteAsync(gone).ConfigureAwait(false);
    }

    private static Task DeleteAsync(IEnumerable<PackageSet> sets) => Task.WhenAll(sets.Select(set => set.Folder.DisposeAsync().AsTask()));

    private PackageSet Join(string? key, out bool isFirst)
    {
        lock (_changing)
        {
            PackageSet? set = key is null ? null : _sets.GetValueOrDefault(key);

            // What cleans temporary folders may have deleted it.
            if (set is not null && !Directory.Exists(set.Folder.Installed))
            {
                Unlist(set);
                set = null;
            }

            isFirst = set is null;
            set ??= new PackageSet(key);
            set.Users++;
            if (isFirst && key is not null)
            {
                _sets[key] = set;
            }

            return set;
        }
    }

    /// <summary>Lets those who wait for a set go on.</summary>
    private void Settle(PackageSet set, bool isShared, long size)
    {
        lock (_changing)
        {
            set.Size = size;
            if (!isShared)
            {
                Unlist(set);
            }
            else if (IsListed(set))
            {
                set.Age = timeProvider.CreateTimer(_ => _ = ExpireAsync(set), null, Lifetime, Timeout.InfiniteTimeSpan);
            }
        }

        set.IsShared.TrySetResult(isShared);
    }

    /// <summary>Gives a set to no further executor.</summary>
    private async Task ExpireAsync(PackageSet set)
    {
        bool isGone;
        lock (_changing)
        {
            isGone = IsListed(set) && set.Users == 0;
            Unlist(set);
        }

        await DeleteAsync(isGone ? [set] : []).ConfigureAwait(false);
    }

    /// <summary>Takes out the sets that have been idle for longest, as far as there are too many.</summary>
    private List<PackageSet> Trim()
    {
        int count = 0;
        long size = 0;
        List<PackageSet> gone = [];
        foreach (PackageSet idle in _sets.Values.Where(set => set.Users == 0).OrderByDescending(set => set.LastUsed).ToArray())
        {
            count++;
            size += idle.Size;
            if (count > MaxIdle || size > MaxIdleSize)
            {
                Unlist(idle);
                gone.Add(idle);
            }
        }

        return gone;
    }

    private bool IsListed(PackageSet set) => set.Key is not null && _sets.GetValueOrDefault(set.Key) == set;

    private void Unlist(PackageSet set)
    {
        set.Age?.Dispose();
        if (IsListed(set))
        {
            _sets.Remove(set.Key!);
        }
    }
}

/// <summary>A set of packages, installed once.</summary>
/// <param name="key">Stands for all that decides what is installed; null: it is not shared.</param>
internal sealed class PackageSet(string? key)
{
    public string? Key => key;

    public PackageFolder Folder { get; } = new();

    /// <summary>Completes when it is installed, or is not going to be: false then, and where others may not share it.</summary>
    public TaskCompletionSource<bool> IsShared { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Users { get; set; }

    public long LastUsed { get; set; }

    public long Size { get; set; }

    /// <summary>Ends its life.</summary>
    public ITimer? Age { get; set; }
}

/// <summary>The use of a set of packages, until it is disposed.</summary>
internal sealed class PackageLease(PackageCache cache, PackageSet set) : IAsyncDisposable
{
    private int _isDisposed;

    /// <summary>The folder of the packages, on the host.</summary>
    public string Installed => set.Folder.Installed;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await cache.LeaveAsync(set).ConfigureAwait(false);
        }
    }
}
