using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Environments.Host;

/// <summary>A directory of the host in which guest code writes, used without ever following a link that guest code could have made.</summary>
/// <remarks>Every path is walked name by name from the open directory with <c>O_NOFOLLOW</c>, so a folder that is swapped for a link
/// between two steps leads nowhere.</remarks>
/// <param name="path">The directory.</param>
/// <param name="owner">Who is to own what is made in it, when that is not this process' user; needs root.</param>
internal sealed class HostDirectory(string path, UserId? owner = null) : IWorkspace, IDisposable
{
    private const uint NewFileMode = 0x1B6; // 0666, less the umask
    private const uint NewDirectoryMode = 0x1FF; // 0777, less the umask

    private readonly SafeFileHandle _root = OpenRoot(path);

    /// <summary>The open directory itself.</summary>
    public SafeFileHandle Root => _root;

    public void Dispose() => _root.Dispose();

    public Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken = default) => Task.Run(() => List(cancellationToken), cancellationToken);

    public Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using Place place = Walk(path, create: false);

        // Non-blocking: opening a pipe that guest code made must not wait for a writer.
        SafeFileHandle file = Libc.OpenAt(
            place.Directory, place.Name, Libc.OpenReadOnly | Libc.OpenNoFollow | Libc.OpenNonBlocking | Libc.OpenCloseOnExec, 0);
        if (file.IsInvalid)
        {
            throw Failed(path);
        }

        if (Libc.Statx(file, "", Libc.EmptyPath, Libc.StatxBasic, out Libc.FileStatus status) != 0 || !status.IsRegular)
        {
            file.Dispose();
            throw WorkspacePath.NotFound(path);
        }

        return Task.FromResult<Stream>(new FileStream(file, FileAccess.Read, bufferSize: 0));
    }

    public async Task WriteAsync(string path, Stream content, CancellationToken cancellationToken = default)
    {
        using Place place = Walk(path, create: true);
        if (Libc.Statx(place.Directory, place.Name, Libc.SymlinkNoFollow, Libc.StatxBasic, out Libc.FileStatus old) == 0 && !old.IsRegular)
        {
            throw old.IsDirectory
                ? new WorkspaceException($"'{WorkspacePath.Printable(path)}' is a folder.")
                : WorkspacePath.Refused(path);
        }

        string temporary = $".glovebox-{Guid.NewGuid():n}";
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
            using Place place = Walk(path, create: false);
            return Libc.UnlinkAt(place.Directory, place.Name, 0) == 0 ? Task.FromResult(true) : throw Failed(path);
        }
        catch (WorkspaceException e) when (e.IsNotFound)
        {
            return Task.FromResult(false);
        }
    }

    /// <summary>Makes sure that files can be made in the directory.</summary>
    /// <exception cref="EnvironmentUnavailableException">They cannot.</exception>
    public void CheckWritable()
    {
        string name = $".glovebox-{Guid.NewGuid():n}";
        using SafeFileHandle file = Libc.OpenAt(_root, name, Libc.OpenWriteOnly | Libc.OpenCreate | Libc.OpenExclusive | Libc.OpenCloseOnExec, NewFileMode);
        if (file.IsInvalid)
        {
            throw new EnvironmentUnavailableException(
                "work-directory-unusable", $"The work directory '{path}' cannot be written: {LastErrorText()}.", "Name a directory that you may read and write.");
        }

        _ = Libc.UnlinkAt(_root, name, 0);
    }

    /// <summary>Gives the directory itself to the owner.</summary>
    public void GiveAwayRoot() => GiveAway(_root);

    private void GiveAway(SafeFileHandle file)
    {
        if (owner is { } user && Libc.ChangeOwner(file, user.Uid, user.Gid) != 0)
        {
            throw new IOException(LastErrorText());
        }
    }

    private static SafeFileHandle OpenRoot(string path)
    {
        SafeFileHandle root = Libc.Open(path, Libc.OpenReadOnly | Libc.OpenDirectory | Libc.OpenCloseOnExec, 0);
        if (!root.IsInvalid)
        {
            return root;
        }

        string reason = LastErrorText();
        root.Dispose();
        throw new EnvironmentUnavailableException(
            "work-directory-unusable", $"The work directory '{path}' cannot be opened: {reason}.", "Name a directory that you may read and write.");
    }

    private static SafeFileHandle OpenFolder(SafeFileHandle parent, string name) =>
        Libc.OpenAt(parent, name, Libc.OpenReadOnly | Libc.OpenDirectory | Libc.OpenNoFollow | Libc.OpenCloseOnExec, 0);

    /// <summary>Opens the folder that holds the path's last name.</summary>
    private Place Walk(string path, bool create)
    {
        string[] names = WorkspacePath.Normalize(path).Split('/');
        SafeFileHandle folder = _root;
        foreach (string name in names[..^1])
        {
            SafeFileHandle next = OpenFolder(folder, name);
            if (next.IsInvalid && create && Marshal.GetLastPInvokeError() == Libc.ErrorNoEntry)
            {
                // Another may make it first; opening it tells.
                bool made = Libc.MakeDirectoryAt(folder, name, NewDirectoryMode) == 0;
                next = OpenFolder(folder, name);
                if (made && !next.IsInvalid)
                {
                    GiveAway(next);
                }
            }

            int error = Marshal.GetLastPInvokeError();
            bool isLink = next.IsInvalid && IsLink(folder, name);
            if (!ReferenceEquals(folder, _root))
            {
                folder.Dispose();
            }

            if (next.IsInvalid)
            {
                throw isLink ? WorkspacePath.Refused(path) : Failed(path, error);
            }

            folder = next;
        }

        return new Place(folder, names[^1], owned: !ReferenceEquals(folder, _root));
    }

    private static bool IsLink(SafeFileHandle folder, string name) =>
        Libc.Statx(folder, name, Libc.SymlinkNoFollow, Libc.StatxBasic, out Libc.FileStatus status) == 0 && status.IsLink;

    private WorkspaceListing List(CancellationToken cancellationToken)
    {
        List<WorkspaceFile> files = [];
        int entries = 0;
        bool complete = true;
        Visit(_root, "", 0);
        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new WorkspaceListing(files, complete);

        void Visit(SafeFileHandle folder, string prefix, int depth)
        {
            foreach (string name in Names(folder))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (++entries > WorkspaceListing.MaxFiles)
                {
                    complete = false;
                    return;
                }

                if (Libc.Statx(folder, name, Libc.SymlinkNoFollow, Libc.StatxBasic, out Libc.FileStatus status) != 0)
                {
                    continue;
                }

                if (status.IsRegular)
                {
                    files.Add(FileOf(prefix + name, status));
                }
                else if (status.IsDirectory && depth == WorkspaceListing.MaxDepth)
                {
                    complete = false;
                }
                else if (status.IsDirectory)
                {
                    using SafeFileHandle inner = OpenFolder(folder, name);
                    if (!inner.IsInvalid)
                    {
                        Visit(inner, prefix + name + "/", depth + 1);
                    }
                }
            }
        }
    }

    /// <summary>The names in an open directory. <c>/proc/self/fd</c> leads to the directory itself, whatever its path means by now.</summary>
    private static IEnumerable<string> Names(SafeFileHandle folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries($"/proc/self/fd/{folder.DangerousGetHandle()}").Take(WorkspaceListing.MaxFiles + 1).Select(p => Path.GetFileName(p))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static WorkspaceFile FileOf(string path, in Libc.FileStatus status) =>
        new(path, (long)status.Size, WorkspaceFile.Time(status.ModifySeconds, status.ModifyNanoseconds / TimeSpan.NanosecondsPerTick))
        {
            ChangeStamp = HashCode.Combine(status.Inode, status.ChangeSeconds, status.ChangeNanoseconds),
        };

    private static WorkspaceException Failed(string path) => Failed(path, Marshal.GetLastPInvokeError());

    private static WorkspaceException Failed(string path, int error) => error switch
    {
        Libc.ErrorNoEntry => WorkspacePath.NotFound(path),
        Libc.ErrorLoop => WorkspacePath.Refused(path),
        _ => new($"'{WorkspacePath.Printable(path)}' cannot be used: {Marshal.GetPInvokeErrorMessage(error)}."),
    };

    private static string LastErrorText() => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    /// <summary>A name in an open folder.</summary>
    private sealed class Place(SafeFileHandle directory, string name, bool owned) : IDisposable
    {
        public SafeFileHandle Directory => directory;

        public string Name => name;

        public void Dispose()
        {
            if (owned)
            {
                directory.Dispose();
            }
        }
    }
}
