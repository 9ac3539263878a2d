using System.Diagnostics;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>Deletes a folder with all that is in it, by descriptors: no link is followed and no mount point is crossed,
/// whatever a hostile process swaps meanwhile.</summary>
/// <remarks>A folder that is not empty is moved up into the top one before it is emptied. So a tree of any depth takes three
/// descriptors and two buffers, and no path. What cannot be deleted stays.</remarks>
internal sealed class FolderDeletion
{
    private const uint OwnerRights = 0x1C0; // 0700

    private static readonly int FolderFlags = Libc.OpenDirectory | Libc.OpenNoFollow | Libc.OpenCloseOnExec;

    private readonly SafeFileHandle _top;
    private readonly (ulong, ulong) _mount;
    private readonly uint _user = Libc.EffectiveUserId();
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly TimeSpan _limit;

    /// <summary>What folders are called that were moved up. No guest knows it beforehand.</summary>
    private readonly string _prefix = $".glovebox-{Guid.NewGuid():n}-";
    private long _moved;
    private bool _hasProgressed;

    private FolderDeletion(SafeFileHandle top, (ulong Device, ulong MountId) mount, TimeSpan limit)
    {
        _top = top;
        _mount = mount;
        _limit = limit;
    }

    private bool IsOver => Stopwatch.GetElapsedTime(_started) > _limit;

    /// <summary>Deletes a folder.</summary>
    /// <param name="parent">The folder that holds it.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="limit">How long that may take; a process that goes on making files would have no end of it.</param>
    /// <param name="isWanted">Decides, by what was opened, whether it is to be deleted; null: yes.</param>
    /// <returns>Whether it is gone.</returns>
    public static bool Delete(SafeFileHandle parent, string name, TimeSpan limit, Func<Libc.FileStatus, bool>? isWanted = null)
    {
        using SafeFileHandle seen = Libc.OpenAt(parent, name, FolderFlags | Libc.OpenPath, 0);
        if (seen.IsInvalid)
        {
            return System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Libc.ErrorNoEntry;
        }

        if (!Libc.TryStatus(parent, out Libc.FileStatus above) || !Libc.TryStatus(seen, out Libc.FileStatus status)
            || status.Mount != above.Mount || !(isWanted?.Invoke(status) ?? true))
        {
            return false;
        }

        using SafeFileHandle top = Reopen(seen, status, Libc.EffectiveUserId());
        if (!top.IsInvalid)
        {
            new FolderDeletion(top, status.Mount, limit).Empty();
        }

        return Libc.UnlinkAt(parent, name, Libc.RemoveDirectory) == 0;
    }

    private void Empty()
    {
        do
        {
            // What was moved up while the names were read may be among them or not; the next round meets it.
            _hasProgressed = false;
            Libc.Rewind(_top);
            DirectoryNames names = new(_top);
            while (!IsOver && names.TryNext(out ReadOnlySpan<byte> name))
            {
                if (!TryRemove(_top, name))
                {
                    EmptyInner(name);
                }
            }
        }
        while (_hasProgressed && !IsOver);
    }

    /// <summary>Removes what is in a folder of the top one, or moves it up, and then the folder.</summary>
    private void EmptyInner(ReadOnlySpan<byte> folder)
    {
        using SafeFileHandle inner = OpenFolder(_top, folder);
        if (inner.IsInvalid)
        {
            return;
        }

        DirectoryNames names = new(inner);
        while (!IsOver && names.TryNext(out ReadOnlySpan<byte> name))
        {
            if (!TryRemove(inner, name))
            {
                MoveUp(inner, name);
            }
        }

        _ = TryRemove(_top, folder);
    }

    /// <summary>Removes a file, a link, or an empty folder.</summary>
    private bool TryRemove(SafeFileHandle folder, ReadOnlySpan<byte> name)
    {
        bool removed = Libc.UnlinkAt(folder, name, 0) == 0 || Libc.UnlinkAt(folder, name, Libc.RemoveDirectory) == 0;
        _hasProgressed |= removed;
        return removed;
    }

    private void MoveUp(SafeFileHandle folder, ReadOnlySpan<byte> name)
    {
        byte[] above = Encoding.ASCII.GetBytes($"{_prefix}{_moved++}\0");
        bool moved = Libc.RenameAt(folder, name, _top, above) == 0;
        if (!moved)
        {
            // To move a folder is to write in it, which its owner may have to allow itself first.
            using SafeFileHandle opened = OpenFolder(folder, name);
            moved = !opened.IsInvalid && Libc.RenameAt(folder, name, _top, above) == 0;
        }

        _hasProgressed |= moved;
    }

    /// <summary>Opens a folder of this mount with the rights to empty it.</summary>
    private SafeFileHandle OpenFolder(SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        using SafeFileHandle seen = Libc.OpenAt(parent, name, FolderFlags | Libc.OpenPath, 0);
        return Libc.TryStatus(seen, out Libc.FileStatus status) && status.Mount == _mount
            ? Reopen(seen, status, _user)
            : new SafeFileHandle();
    }

    /// <summary>Opens for reading what was opened as a path, and gives its owner back the rights that guest code took.</summary>
    private static SafeFileHandle Reopen(SafeFileHandle seen, in Libc.FileStatus status, uint user)
    {
        if ((status.Mode & OwnerRights) != OwnerRights && status.Uid == user)
        {
            _ = Libc.SetMode(seen, OwnerRights);
        }

        return Libc.OpenAt(seen, ".", FolderFlags, 0);
    }
}
