using System.Globalization;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>Gives a sandbox that root starts what it needs of the host: reachable for its user, root's files as that user's, device nodes
/// that cannot be changed.</summary>
internal static class SandboxMounts
{
    /// <summary>Makes the mounts, or gives null where the sandbox does without: for a plain user, and for a root who may make no mounts but
    /// whose guest is another user than root and reaches all by itself.</summary>
    /// <param name="user">The guest's user.</param>
    /// <param name="work">The work directory, and its path.</param>
    /// <param name="folders">Folders of ours by their names.</param>
    /// <param name="owners">Maps root's files; null: they need not be.</param>
    /// <param name="sealsDevices">Whether device nodes are made read-only.</param>
    /// <exception cref="SandboxUnavailableException">The sandbox needs them, and they cannot be made.</exception>
    public static async Task<PrivateMounts?> CreateAsync(
        GuestUser user, (
            HostDirectory Directory,
            string Path) work, IEnumerable<(string Name, string Path)> folders, OwnerMap? owners, bool sealsDevices)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        if (await PrivateMounts.FindObstacleAsync().ConfigureAwait(false) is { } obstacle)
        {
            return owners is not null ? throw NotMapped(work.Path, obstacle)
                : user.CanReach(work.Path) && folders.All(f => user.CanReach(f.Path)) ? null
                : throw new SandboxUnavailableException(
                    "work-directory-unusable",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Guest code runs as uid {user.Uid}, which cannot enter every folder above '{work.Path}', and {obstacle}."),
                    "Let every user enter those folders (chmod o+x), or set TMPDIR to a folder such as /tmp.");
        }

        PrivateMounts mounts = new(sealsDevices);
        mounts.Add("work", work.Path, work.Directory.Root, owners);
        foreach ((string name, string path) in folders)
        {
            mounts.Add(name, path);
        }

        return mounts;
    }

    public static SandboxUnavailableException NotMapped(string path, string reason, Exception? cause = null) => new(
        "work-directory-unusable",
        $"The work directory '{path}' belongs to root, guest code never runs as root, and its files cannot be mapped to another user: {reason}.",
        $"Give it to another user (chown -R 1000:1000 '{path}'), or name none. Or use Linux 5.12 or newer and a file system that can map owners, such as ext4, xfs or btrfs.",
        cause);
}
