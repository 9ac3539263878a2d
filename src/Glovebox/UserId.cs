using System.Globalization;
using System.Security.Cryptography;

namespace Glovebox;

/// <summary>A numeric user and group.</summary>
internal readonly record struct UserId(uint Uid, uint Gid)
{
    public static UserId Parse(string user)
    {
        string[] parts = user.Split(':');
        if (parts.Length > 2
            || !uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint uid)
            || !uint.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out uint gid))
        {
            throw new ArgumentException($"User must be 'uid' or 'uid:gid' in numbers, not '{user}'.", nameof(user));
        }

        // (uint)-1 means "leave as it is" to the kernel, which would keep root.
        if (uid is 0 or uint.MaxValue || gid is 0 or uint.MaxValue)
        {
            throw new ArgumentException($"User must be a real user and group other than root, not '{user}'.", nameof(user));
        }

        return new UserId(uid, gid);
    }

    /// <summary>Chooses a uid that no system gives out: above those of containers, below those of dynamic and 16-bit ones.</summary>
    internal static uint ChoosePrivate() => 0x70000000 + (uint)RandomNumberGenerator.GetInt32(0x0F000000);
}
