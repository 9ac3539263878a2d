using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>Folders of the host for one child that root starts as another user: in a mount namespace of the child's own, each under a path
/// that every user can reach, and, where asked, with its owners mapped.</summary>
/// <remarks>The child's namespace goes with its last process. On the host nothing is mounted.</remarks>
/// <param name="sealsDevices">Whether the device nodes that a sandbox gets are read-only.</param>
internal sealed class PrivateMounts(bool sealsDevices) : IDisposable
{
    /// <summary>A small tmpfs lies over this folder in the child's namespace. A sandbox has one of its own here and shows nothing of the
    /// host's.</summary>
    private const string Base = "/dev/shm";

    /// <summary>What bwrap puts into a sandbox's <c>/dev</c>. Read-only, they can still be read and written as devices are, but
    /// not even root can change their modes and owners.</summary>
    private static readonly string[] Devices = ["null", "zero", "full", "random", "urandom", "tty"];

    private static readonly Lazy<Task<string?>> Obstacle = new(() => SpawnerThread.RunAsync(TryNamespace));

    private readonly List<Entry> _entries = [];

    /// <summary>Says why this process cannot make mounts, or null when it can. It is tried once.</summary>
    public static Task<string?> FindObstacleAsync() => Obstacle.Value;

    /// <summary>Adds a folder.</summary>
    /// <param name="name">Its name among the others.</param>
    /// <param name="path">Its path on the host, by which <see cref="PathOf"/> knows it. The last part must not be a link.</param>
    /// <param name="folder">The folder itself, open. It stays the caller's, and open for as long as children are started. Null: it is
    /// opened by its path.</param>
    /// <param name="owners">Maps its owners for the child; null: they stay as they are.</param>
    /// <exception cref="Win32Exception">It cannot be opened.</exception>
    public void Add(string name, string path, SafeFileHandle? folder = null, OwnerMap? owners = null)
    {
        SafeFileHandle opened = folder ?? OpenPlace(path, Libc.OpenPath | Libc.OpenDirectory | Libc.OpenNoFollow);
        _entries.Add(new Entry(name, Path.TrimEndingDirectorySeparator(path), opened, owners, IsOurs: folder is null));
    }

    /// <summary>The path under which the child finds a file or folder of the host.</summary>
    public string PathOf(string path)
    {
        foreach (Entry entry in _entries)
        {
            if (path == entry.Path || path.StartsWith(entry.Path + "/", StringComparison.Ordinal))
            {
                return $"{Base}/{entry.Name}{path[entry.Path.Length..]}";
            }
        }

        return path;
    }

    /// <summary>Starts a child that sees the mounts. Runs on the spawner's thread, which returns to its own namespace.</summary>
    /// <exception cref="Win32Exception">A mount cannot be made.</exception>
    public T Start<T>(Func<T> start)
    {
        // A copy can only be made in the namespace of the original.
        List<(string Name, SafeFileHandle Tree)> trees = [];
        try
        {
            trees.AddRange(_entries.Select(entry => (entry.Name, Copy(entry))));
            return InNamespace(() =>
            {
                if (sealsDevices)
                {
                    SealDevices();
                }

                Mount("tmpfs", Base, "tmpfs", MountCalls.NoSetId | MountCalls.NoDevices, "mode=755,size=64k");
                foreach ((string name, SafeFileHandle tree) in trees)
                {
                    string target = $"{Base}/{name}";
                    Directory.CreateDirectory(target);
                    Check(MountCalls.MoveMount(tree, target), target);
                }

                return start();
            });
        }
        finally
        {
            trees.ForEach(t => t.Tree.Dispose());
        }
    }

    public void Dispose()
    {
        foreach (Entry entry in _entries.Where(e => e.IsOurs))
        {
            entry.Folder.Dispose();
        }
    }

    private static SafeFileHandle Copy(Entry entry)
    {
        SafeFileHandle tree = MountCalls.OpenTree(entry.Folder);
        if (!tree.IsInvalid && (entry.Owners is null || MountCalls.MapOwners(tree, entry.Owners.Namespace) == 0))
        {
            return tree;
        }

        Win32Exception error = new(Marshal.GetLastPInvokeError());
        bool isCopied = !tree.IsInvalid;
        tree.Dispose();
        throw isCopied ? new OwnersNotMappedException(error) : error;
    }

    private static void SealDevices()
    {
        foreach (string device in Devices.Select(d => "/dev/" + d).Where(File.Exists))
        {
            Mount(device, device, null, MountCalls.Bind, null);
            Mount(null, device, null, MountCalls.Bind | MountCalls.Remount | MountCalls.ReadOnly | MountCalls.NoSetId, null);
        }
    }

    /// <summary>Runs something in a copy of this thread's mount namespace.</summary>
    private static T InNamespace<T>(Func<T> action)
    {
        using SafeFileHandle home = OpenPlace("/proc/thread-self/ns/mnt", 0);
        using SafeFileHandle root = OpenPlace("/", Libc.OpenPath | Libc.OpenDirectory);
        Check(MountCalls.Unshare(MountCalls.NewMountNamespace), "unshare");
        try
        {
            // What the host unmounts goes here, too; what is mounted here stays here.
            Mount(null, "/", null, MountCalls.Slave | MountCalls.Recursive, null);
            return action();
        }
        finally
        {
            // That this thread can return was tried before any mounts were made (FindObstacleAsync). A namespace is entered at its root,
            // which is not this process' where that was started in a folder (chroot).
            Check(MountCalls.EnterNamespace(home, MountCalls.NewMountNamespace), "setns");
            Check(MountCalls.EnterFolder(root), "fchdir");
            Check(MountCalls.ChangeRoot("."), "chroot");
        }
    }

    private static string? TryNamespace()
    {
        try
        {
            using SafeFileHandle folder = OpenPlace(Base, Libc.OpenPath | Libc.OpenDirectory);
            using SafeFileHandle tree = MountCalls.OpenTree(folder);
            return tree.IsInvalid ? $"this process may not copy mounts ({Libc.LastError})" : InNamespace<string?>(static () => null);
        }
        catch (Win32Exception e)
        {
            return $"this process may not make mounts ({e.Message})";
        }
    }

    private static SafeFileHandle OpenPlace(string path, int flags)
    {
        SafeFileHandle place = Libc.Open(path, flags | Libc.OpenReadOnly | Libc.OpenCloseOnExec, 0);
        return place.IsInvalid ? throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{path}: {Libc.LastError}") : place;
    }

    private static void Mount(string? source, string target, string? type, nuint flags, string? data) =>
        Check(MountCalls.Mount(source, target, type, flags, data), target);

    private static void Check(int result, string what)
    {
        if (result != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{what}: {Libc.LastError}");
        }
    }

    private sealed record Entry(string Name, string Path, SafeFileHandle Folder, OwnerMap? Owners, bool IsOurs);
}

/// <summary>The kernel or the file system cannot map the owners of a folder.</summary>
internal sealed class OwnersNotMappedException(Win32Exception cause) : Exception(
    cause.NativeErrorCode == InvalidArgument ? "its file system, or one that is mounted below it, cannot do that" : cause.Message, cause)
{
    private const int InvalidArgument = 22;
}
