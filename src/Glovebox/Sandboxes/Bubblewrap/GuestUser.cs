using System.Globalization;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The host's user that a sandbox runs as. It is never the host's root.</summary>
/// <param name="Uid">The uid on the host.</param>
/// <param name="Gid">The gid on the host.</param>
internal sealed record GuestUser(uint Uid, uint Gid)
{
    private const uint Nobody = 65534;

    public UserId Id => new(Uid, Gid);

    /// <summary>Whether we are root and have to become this user.</summary>
    public bool MustSwitch { get; private init; }

    /// <summary>Who is to own what we make for this user; null: we own it, and need not give it away.</summary>
    public UserId? Owner => MustSwitch ? Id : null;

    /// <summary>Whether the work directory is to be given to this user.</summary>
    public bool TakesOver { get; private init; }

    /// <summary>Whether the work directory is root's and stays so, and root's files in it are to be this user's in the sandbox.</summary>
    public bool StandsForRoot { get; private init; }

    /// <summary>Chooses the user by the owner of the work directory.</summary>
    /// <param name="work">The work directory.</param>
    /// <param name="isOurs">Whether we made it, so that it can be given away.</param>
    /// <param name="avoidsRoot">False only in tests: root's directory then makes guest code root.</param>
    /// <exception cref="SandboxUnavailableException">There is no other user than the host's root.</exception>
    public static GuestUser Choose(string work, bool isOurs, bool avoidsRoot = true)
    {
        uint uid = Libc.EffectiveUserId();
        if (uid != 0)
        {
            return new GuestUser(uid, Libc.EffectiveGroupId());
        }

        UidRange[] ranges = UidRanges();

        // In a user namespace, as in a rootless container, root is a plain user of the host.
        bool isHostRoot = ranges.Any(r => r is { First: 0, Outside: 0 });
        uint[] others = [.. new[] { UserId.ChoosePrivate(), Nobody }.Where(id => ranges.Any(r => r.Has(id)))];
        if (!isOurs && Libc.Status(work) is { Uid: not 0 } status)
        {
            return new GuestUser(status.Uid, status.Gid == 0 ? status.Uid : status.Gid) { MustSwitch = true };
        }

        if (isOurs ? others.Length == 0 && !isHostRoot : !isHostRoot || !avoidsRoot)
        {
            return new GuestUser(0, 0);
        }

        return others.Length > 0
            ? new GuestUser(others[0], others[0]) { MustSwitch = true, TakesOver = isOurs, StandsForRoot = !isOurs }
            : throw new SandboxUnavailableException(
                "user-missing", "Guest code never runs as root, and there is no other user here.", "Start the program as another user.");
    }

    /// <summary>Whether this user can enter every folder above a path.</summary>
    public bool CanReach(string path)
    {
        for (string? at = Path.GetDirectoryName(path); at is not null && Uid != 0; at = Path.GetDirectoryName(at))
        {
            Libc.FileStatus status = Libc.Status(at);
            if ((status.Mode & (status.Uid == Uid ? 0x40 : 0x1)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The uids that exist here: in a user namespace, as in many containers, not all do.</summary>
    private static UidRange[] UidRanges() =>
    [
        .. File.ReadLines("/proc/self/uid_map")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(fields => Array.ConvertAll(fields, f => ulong.Parse(f, CultureInfo.InvariantCulture)))
            .Select(numbers => new UidRange(numbers[0], numbers[1], numbers[2])),
    ];

    /// <param name="First">The first uid.</param>
    /// <param name="Outside">What that is in the namespace above.</param>
    /// <param name="Count">How many there are.</param>
    private readonly record struct UidRange(ulong First, ulong Outside, ulong Count)
    {
        public bool Has(uint id) => id >= First && id - First < Count;
    }
}
