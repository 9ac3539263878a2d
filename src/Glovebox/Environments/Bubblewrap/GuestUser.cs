using System.Globalization;
using System.Security.Cryptography;
using Glovebox.Environments.Host;

namespace Glovebox.Environments.Bubblewrap;

/// <summary>The host's user that a sandbox runs as.</summary>
/// <param name="Uid">The uid on the host.</param>
/// <param name="Gid">The gid on the host.</param>
/// <param name="MustSwitch">Whether we are root and another has to be switched to.</param>
/// <param name="TakesOver">Whether the work directory is to be given to that user.</param>
internal sealed record GuestUser(uint Uid, uint Gid, bool MustSwitch, bool TakesOver)
{
    /// <summary>Uids that no system gives out: above those of containers, below those of dynamic and 16-bit ones.</summary>
    private const uint FirstPrivateUid = 0x70000000;

    private const int PrivateUids = 0x0F000000;

    private const uint Nobody = 65534;

    public bool IsRoot => Uid == 0;

    /// <summary>Chooses the user by the owner of the work directory. Root's own directories leave no choice but root.</summary>
    /// <param name="work">The work directory.</param>
    /// <param name="isOurs">Whether we made it, so that it can be given away.</param>
    public static GuestUser Choose(string work, bool isOurs)
    {
        uint uid = Libc.EffectiveUserId();
        if (uid != 0)
        {
            return new GuestUser(uid, Libc.EffectiveGroupId(), MustSwitch: false, TakesOver: false);
        }

        if (isOurs)
        {
            uint chosen = FirstPrivateUid + (uint)RandomNumberGenerator.GetInt32(PrivateUids);
            chosen = IsMapped(chosen) ? chosen : Nobody;
            return IsMapped(chosen) && CanReach(work, chosen)
                ? new GuestUser(chosen, chosen, MustSwitch: true, TakesOver: true)
                : new GuestUser(0, 0, false, false);
        }

        Libc.FileStatus status = Libc.Status(work);
        return status.Uid == 0 ? new GuestUser(0, 0, false, false)
            : new GuestUser(status.Uid, status.Gid == 0 ? status.Uid : status.Gid, MustSwitch: true, TakesOver: false);
    }

    /// <summary>Whether a stranger can enter every folder above a path.</summary>
    private static bool CanReach(string path, uint uid)
    {
        for (string? at = Path.GetDirectoryName(path); at is not null; at = Path.GetDirectoryName(at))
        {
            Libc.FileStatus status = Libc.Status(at);
            if ((status.Mode & (status.Uid == uid ? 0x40 : 0x1)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>In a user namespace, as in many containers, only some uids exist.</summary>
    private static bool IsMapped(uint uid)
    {
        foreach (string line in File.ReadLines("/proc/self/uid_map"))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            ulong first = ulong.Parse(fields[0], CultureInfo.InvariantCulture);
            ulong count = ulong.Parse(fields[2], CultureInfo.InvariantCulture);
            if (uid >= first && uid - first < count)
            {
                return true;
            }
        }

        return false;
    }
}
