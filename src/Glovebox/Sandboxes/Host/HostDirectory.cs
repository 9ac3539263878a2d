using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>A directory of the host in which guest code writes, used without ever following a link that guest code could have
/// made.</summary>
/// <remarks>Every path is walked name by name from the open directory with <c>O_NOFOLLOW</c>, so a folder that is swapped for a link
/// between two steps leads nowhere. Where this process has more rights than guest code, it does not lend them: it enters folders and
/// reads files only when they belong to the guest's user or their modes let that user in, and writes and deletes only in such folders.
/// So a file of root's that another party renamed or linked into the directory is not read for the guest, however many names it has.
/// Access control lists do not count. Owners and modes are asked of what was opened. A listing reads no content.</remarks>
/// <param name="path">The directory, without links on the way; it is the guest's, whatever its mode says.</param>
/// <param name="owner">Who is to own what is made in it, when that is not this process' user; needs root.</param>
/// <param name="reader">The user that guest code is on this directory's file system: what that user may not do is not done for it.
/// Null: the owner, or without one this process' user, for whom the kernel decides. Where an id-mapped mount shows root's files to the
/// guest as its own, root.</param>
internal sealed class HostDirectory(string path, UserId? owner = null, UserId? reader = null) : IWorkspace, IDisposable
{
    private const int MayEnter = 1;
    private const int MayWrite = 3;
    private const int MayRead = 4;
    private const int MayOverwrite = 2;

    private const uint NewFileMode = 0x1B6; // 0666, less the umask
    private const uint NewDirectoryMode = 0x1FF; // 0777, less the umask

    private readonly SafeFileHandle _root = OpenRoot(path);
    private readonly UserId? _reader = reader ?? owner;

    /// <summary>The open directory itself.</summary>
    public SafeFileHandle Root => _root;

    public void Dispose() => _root.Dispose();

    public Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken = default) =>
        Task.Run(() => List(cancellationToken), cancellationToken);

    public Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using Place place = Walk(path, MayEnter);

        // Non-blocking: opening a pipe that guest code made must not wait for a writer.
        SafeFileHandle file = Libc.OpenAt(
            place.Directory, place.Name, Libc.OpenReadOnly | Libc.OpenNoFollow | Libc.OpenNonBlocking | Libc.OpenCloseOnExec, 0);
        if (file.IsInvalid)
        {
            throw Failed(path);
        }

        if (!Libc.TryStatus(file, out Libc.FileStatus status) || !status.IsRegular)
        {
            file.Dispose();
            throw WorkspacePath.NotFound(path);
        }

        if (!Lets(status, MayRead))
        {
            file.Dispose();
            throw NotTheGuests(path);
        }

        return Task.FromResult<Stream>(new FileStream(file, FileAccess.Read, bufferSize: 0));
    }

    public async Task WriteAsync(string path, Stream content, CancellationToken cancellationToken = default)
    {
        using Place place = Walk(path, MayWrite, create: true);
        if (Libc.Statx(place.Directory, place.Name, Libc.SymlinkNoFollow, Libc.StatxBasic, out Libc.FileStatus old) == 0 && !old.IsRegular)
        {
            throw old.IsDirectory
                ? new WorkspaceException($"'{WorkspacePath.Printable(path)}' is a folder.")
                : WorkspacePath.Refused(path);
        }

        byte[] temporary = Libc.Name($".glovebox-{Guid.NewGuid():n}");
        SafeFileHandle handle = Libc.OpenAt(
            place.Directory,
            temporary,
            Libc.OpenWriteOnly | Libc.OpenCreate | Libc.OpenExclusive | Libc.OpenNoFollow | Libc.OpenCloseOnExec,
            NewFileMode);
        if (handle.IsInvalid)
        {
            throw Failed(path);
        }

        bool done = false;
        try
        {
            GiveAway(handle);
            FileStream file = new(handle, FileAccess.Write, bufferSize: 0);
            await using (file.ConfigureAwait(false))
            {
                await content.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
            }

            done = Libc.RenameAt(place.Directory, temporary, place.Directory, place.Name) == 0;
            if (!done)
            {
                throw Failed(path);
            }
        }
        catch (IOException e)
        {
            throw new WorkspaceException($"'{WorkspacePath.Printable(path)}' cannot be written: {e.Message}", innerException: e);
        }
        finally
        {
            if (!done)
            {
                _ = Libc.UnlinkAt(place.Directory, temporary, 0);
            }
        }
    }

    public Task<bool> DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            using Place place = Walk(path, MayWrite);
            return Libc.UnlinkAt(place.Directory, place.Name, 0) == 0 ? Task.FromResult(true) : throw Failed(path);
        }
        catch (WorkspaceException e) when (e.IsNotFound)
        {
            return Task.FromResult(false);
        }
    }

    /// <summary>Makes sure that files can be made in the directory.</summary>
    /// <exception cref="SandboxUnavailableException">They cannot.</exception>
    public void CheckWritable()
    {
        string name = $".glovebox-{Guid.NewGuid():n}";
        using SafeFileHandle file = Libc.OpenAt(
            _root, name, Libc.OpenWriteOnly | Libc.OpenCreate | Libc.OpenExclusive | Libc.OpenCloseOnExec, NewFileMode);
        if (file.IsInvalid)
        {
            throw new SandboxUnavailableException(
                "work-directory-unusable",
                $"The work directory '{path}' cannot be written: {Libc.LastError}.",
                "Name a directory that you may read and write.");
        }

        _ = Libc.UnlinkAt(_root, name, 0);
    }

    /// <summary>Makes sure that the guest gets no set-id program and no device node of its own: it could rewrite the one by mapping it into
    /// memory, which leaves the bits on, and open the other to all users. It can make neither, so what is there was there before any
    /// guest.</summary>
    /// <exception cref="SandboxUnavailableException">There is one, as far as a listing sees.</exception>
    public void RefuseSetId()
    {
        UserId guest = _reader ?? new UserId(Libc.EffectiveUserId(), Libc.EffectiveGroupId());
        string? found = null;
        _ = List(CancellationToken.None, (name, status) =>
        {
            if ((status.IsSetIdProgram && status.Allows(guest, MayOverwrite)) || (status.IsDeviceNode && status.Uid == guest.Uid))
            {
                found ??= name;
            }
        });
        if (found is not null)
        {
            throw new SandboxUnavailableException(
                "work-directory-unusable",
                $"The work directory '{path}' cannot be used: guest code could change '{WorkspacePath.Printable(found)}' in it, a "
                + "set-user-id or set-group-id program or a device node.",
                "Take the bits off (chmod a-s), or move it elsewhere.");
        }
    }

    /// <summary>Gives the directory itself to the owner, if that is not done.</summary>
    /// <exception cref="SandboxUnavailableException">It is not one that this process has just made.</exception>
    public void GiveAwayRoot()
    {
        if (!Libc.TryStatus(_root, out Libc.FileStatus status) || status.Uid == owner?.Uid)
        {
            return;
        }

        if (!IsNew(_root, status.Mount))
        {
            throw new SandboxUnavailableException(
                "work-directory-unusable",
                $"The work directory '{path}' was changed by another while it was made.",
                "Name a directory that exists, or one in a folder of your own.");
        }

        GiveAway(_root);
    }

    /// <summary>Whether an open folder may be one that this process has just made: a guest may have put another of root's there.</summary>
    private static bool IsNew(SafeFileHandle folder, (ulong Device, ulong MountId) mount) =>
        Libc.TryStatus(folder, out Libc.FileStatus status)
        && status.IsDirectory
        && status.Uid == Libc.EffectiveUserId()
        && status.Mount == mount
        && !new DirectoryNames(folder).TryNext(out _);

    private bool Lets(in Libc.FileStatus status, int rights) => _reader is not { } user || status.Allows(user, rights);

    private static WorkspaceException NotTheGuests(string path) =>
        new($"'{WorkspacePath.Printable(path)}' cannot be used: it belongs to a user that guest code is not.");

    private void GiveAway(SafeFileHandle file)
    {
        if (owner is { } user && Libc.ChangeOwner(file, user.Uid, user.Gid) != 0)
        {
            throw new IOException(Libc.LastError);
        }
    }

    private static SafeFileHandle OpenRoot(string path)
    {
        SafeFileHandle root = Libc.OpenWithoutLinks(path);
        if (!root.IsInvalid)
        {
            return root;
        }

        string reason = Libc.LastError;
        root.Dispose();
        throw new SandboxUnavailableException(
            "work-directory-unusable",
            $"The work directory '{path}' cannot be opened: {reason}.",
            "Name a directory that you may read and write.");
    }

    private static SafeFileHandle OpenFolder(SafeFileHandle parent, ReadOnlySpan<byte> name) =>
        Libc.OpenAt(parent, name, Libc.OpenReadOnly | Libc.OpenDirectory | Libc.OpenNoFollow | Libc.OpenCloseOnExec, 0);

    /// <summary>Opens the folder that holds the path's last name.</summary>
    /// <param name="path">The path.</param>
    /// <param name="rights">What the guest has to be allowed in that folder.</param>
    /// <param name="create">Whether folders that are missing are made.</param>
    private Place Walk(string path, int rights, bool create = false)
    {
        string[] names = WorkspacePath.Normalize(path).Split('/');
        SafeFileHandle folder = _root;
        try
        {
            for (int i = 0; i < names.Length - 1; i++)
            {
                byte[] name = Libc.Name(names[i]);
                SafeFileHandle next = OpenFolder(folder, name);
                if (next.IsInvalid && create && Marshal.GetLastPInvokeError() == Libc.ErrorNoEntry)
                {
                    Check(folder, MayWrite);
                    next = MakeFolder(folder, name);
                }

                if (next.IsInvalid)
                {
                    int error = Marshal.GetLastPInvokeError();
                    throw IsLink(folder, name) ? WorkspacePath.Refused(path) : Failed(path, error);
                }

                Close(folder);
                folder = next;
                Check(folder, i == names.Length - 2 ? rights : MayEnter);
            }

            return new Place(folder, Libc.Name(names[^1]), owned: !ReferenceEquals(folder, _root));
        }
        catch
        {
            Close(folder);
            throw;
        }

        void Check(SafeFileHandle opened, int needed)
        {
            if (!ReferenceEquals(opened, _root) && !(Libc.TryStatus(opened, out Libc.FileStatus status) && Lets(status, needed)))
            {
                throw NotTheGuests(path);
            }
        }

        void Close(SafeFileHandle opened)
        {
            if (!ReferenceEquals(opened, _root))
            {
                opened.Dispose();
            }
        }
    }

    private SafeFileHandle MakeFolder(SafeFileHandle parent, byte[] name)
    {
        // Another may make it first, or put another in its place; opening it tells.
        bool made = Libc.MakeDirectoryAt(parent, name, NewDirectoryMode) == 0;
        SafeFileHandle folder = OpenFolder(parent, name);
        if (made && owner is not null && Libc.TryStatus(parent, out Libc.FileStatus above) && IsNew(folder, above.Mount))
        {
            GiveAway(folder);
        }

        return folder;
    }

    private static bool IsLink(SafeFileHandle folder, byte[] name) =>
        Libc.Statx(folder, name, Libc.SymlinkNoFollow, Libc.StatxBasic, out Libc.FileStatus status) == 0 && status.IsLink;

    /// <summary>Lists folder by folder, the outer ones first: when there are too many files, those deep inside are left out.</summary>
    private WorkspaceListing List(CancellationToken cancellationToken, Action<string, Libc.FileStatus>? see = null)
    {
        List<WorkspaceFile> files = [];
        Queue<(string Prefix, int Depth)> folders = new([("", 0)]);
        int entries = 0;
        bool complete = true;
        while (folders.TryDequeue(out (string Prefix, int Depth) at))
        {
            using SafeFileHandle? folder = OpenListed(at.Prefix, ref complete);
            DirectoryNames? names = folder is null ? null : new(folder);
            while (names is not null && names.TryNext(out ReadOnlySpan<byte> name))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (++entries > WorkspaceListing.MaxFiles)
                {
                    complete = false;
                    folders.Clear();
                    break;
                }

                if (Libc.Statx(folder!, name, Libc.SymlinkNoFollow, Libc.StatxBasic, out Libc.FileStatus status) != 0)
                {
                    continue;
                }

                string path = at.Prefix + EscapedPath.FromBytes(name[..^1]);
                see?.Invoke(path, status);
                if (status.IsRegular)
                {
                    files.Add(FileOf(path, status));
                }
                else if (status.IsDirectory && at.Depth == WorkspaceListing.MaxDepth)
                {
                    complete = false;
                }
                else if (status.IsDirectory)
                {
                    folders.Enqueue((path + "/", at.Depth + 1));
                }
            }
        }

        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new WorkspaceListing(files, complete);
    }

    /// <summary>Opens a folder that a listing has found, its prefix ending with a slash. Null: it is gone, or it is not the
    /// guest's.</summary>
    private SafeFileHandle? OpenListed(string prefix, ref bool complete)
    {
        // A descriptor of its own: each has one place where its names are read.
        SafeFileHandle folder = OpenFolder(_root, ".\0"u8);
        foreach (string name in prefix.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using SafeFileHandle above = folder;
            folder = OpenFolder(above, Libc.Name(name));
            if (folder.IsInvalid)
            {
                complete &= Marshal.GetLastPInvokeError() is Libc.ErrorNoEntry or Libc.ErrorLoop or Libc.ErrorNoDirectory;
            }

            if (!(Libc.TryStatus(folder, out Libc.FileStatus status) && Lets(status, MayRead | MayEnter)))
            {
                folder.Dispose();
                return null;
            }
        }

        return folder;
    }

    private static WorkspaceFile FileOf(string path, in Libc.FileStatus status) =>
        new(path, (long)status.Size, WorkspaceFile.Time(status.ModifySeconds, status.ModifyNanoseconds / TimeSpan.NanosecondsPerTick))
        {
            HasSetIdBits = status.HasSetIdBits,
            ChangeStamp = HashCode.Combine(status.Inode, status.ChangeSeconds, status.ChangeNanoseconds),
        };

    private static WorkspaceException Failed(string path) => Failed(path, Marshal.GetLastPInvokeError());

    private static WorkspaceException Failed(string path, int error) => error switch
    {
        Libc.ErrorNoEntry => WorkspacePath.NotFound(path),
        Libc.ErrorLoop => WorkspacePath.Refused(path),
        _ => new($"'{WorkspacePath.Printable(path)}' cannot be used: {Marshal.GetPInvokeErrorMessage(error)}."),
    };

    /// <summary>A name in an open folder.</summary>
    private sealed class Place(SafeFileHandle directory, byte[] name, bool owned) : IDisposable
    {
        public SafeFileHandle Directory => directory;

        /// <summary>The name's bytes, with their NUL.</summary>
        public byte[] Name => name;

        public void Dispose()
        {
            if (owned)
            {
                directory.Dispose();
            }
        }
    }
}
