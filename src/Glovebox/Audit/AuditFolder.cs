using System.Runtime.InteropServices;
using Glovebox.Sandboxes.Host;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Audit;

/// <summary>The folder of an audit file, held open: what its path means later makes no difference.</summary>
/// <remarks>On Linux no link is followed, neither on the way to the folder nor in it. Elsewhere only the file and its folder are looked
/// at.</remarks>
internal sealed class AuditFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const uint OwnerOnlyBits = 0x180; // 0600
    private const uint RightsOfOthers = 0x3F; // 0077

    private readonly string _path;
    private readonly SafeFileHandle? _folder;

    /// <exception cref="AuditException">There is no such folder, or it is behind a link.</exception>
    public AuditFolder(string path)
    {
        _path = path;
        if (!Directory.Exists(path))
        {
            throw new AuditException($"There is no folder {Quote(path)} for the audit file.", "Make it first.");
        }

        if (!OperatingSystem.IsLinux())
        {
            RefuseLink(new DirectoryInfo(path));
            return;
        }

        _folder = Libc.OpenWithoutLinks(path);
        if (_folder.IsInvalid)
        {
            string error = Libc.LastError;
            string? real = Libc.RealPath(path);
            throw real is not null && real != Path.TrimEndingDirectorySeparator(path)
                ? new AuditException(
                    $"The folder {Quote(path)} of the audit file is reached through a link.", $"Name {Quote(real)} instead.")
                : new AuditException($"The folder {Quote(path)} of the audit file cannot be opened: {error}.");
        }
    }

    /// <summary>Opens a regular file, for reading and writing by its owner alone, and makes it when it is missing.</summary>
    /// <exception cref="AuditException">It cannot be opened, is a link, or is no regular file.</exception>
    public SafeFileHandle Open(string name)
    {
        if (_folder is null)
        {
            return OpenElsewhere(name);
        }

        SafeFileHandle file = Libc.OpenAt(
            _folder,
            name,
            Libc.OpenReadWrite | Libc.OpenCreate | Libc.OpenNoFollow | Libc.OpenNonBlocking | Libc.OpenCloseOnExec,
            OwnerOnlyBits);
        if (file.IsInvalid)
        {
            throw Marshal.GetLastPInvokeError() == Libc.ErrorLoop
                ? IsLink(name)
                : new AuditException($"The audit file {Quote(PathOf(name))} cannot be opened: {Libc.LastError}.");
        }

        string? wrong = !Libc.TryStatus(file, out Libc.FileStatus status) || !status.IsRegular ? "is no regular file"
            : (status.Mode & RightsOfOthers) != 0 && !Libc.SetMode(file, OwnerOnlyBits)
                ? "is open to others, and its rights cannot be taken from them"
            : null;
        if (wrong is not null)
        {
            file.Dispose();
            throw new AuditException($"The audit file {Quote(PathOf(name))} {wrong}.");
        }

        return file;
    }

    /// <summary>Opens a file that no other handle has locked, and locks it until it is closed.</summary>
    /// <exception cref="AuditException">Another one has it, or it cannot be opened.</exception>
    public SafeFileHandle Lock(string name, string writtenFile)
    {
        try
        {
            SafeFileHandle file = Open(name);
            if (_folder is null || Libc.TryLock(file))
            {
                return file;
            }

            file.Dispose();
        }
        catch (IOException)
        {
            // Where files are locked by being open.
        }

        throw new AuditException(
            $"The audit file {Quote(PathOf(writtenFile))} is written to by another process or another FileAuditSink.",
            "Use one FileAuditSink for all executors of a process, and a file of its own for each process.");
    }

    /// <summary>Whether an open file still is the one of that name.</summary>
    public bool Holds(string name, SafeFileHandle file)
    {
        if (_folder is null)
        {
            return File.Exists(PathOf(name));
        }

        return Libc.TryStatus(file, out Libc.FileStatus open)
            && Libc.Statx(_folder, name, Libc.SymlinkNoFollow, Libc.StatxBasic, out Libc.FileStatus named) == 0
            && (open.Device, open.Inode) == (named.Device, named.Inode);
    }

    /// <summary>Gives a file a name that no other file has.</summary>
    /// <exception cref="AuditException">It cannot be renamed.</exception>
    public void Rename(string from, string to)
    {
        try
        {
            if (_folder is null)
            {
                File.Move(PathOf(from), PathOf(to), overwrite: false);
            }
            else if (Libc.Statx(_folder, to, Libc.SymlinkNoFollow, Libc.StatxBasic, out _) == 0)
            {
                throw new IOException($"There is a file {to} already");
            }
            else if (Libc.RenameAt(_folder, from, _folder, to) != 0)
            {
                throw new IOException(Libc.LastError);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AuditException($"The audit file {Quote(PathOf(from))} cannot be renamed: {e.Message}.", innerException: e);
        }
    }

    /// <summary>Deletes a file, if that can be done.</summary>
    public void TryDelete(string name)
    {
        if (_folder is not null)
        {
            _ = Libc.UnlinkAt(_folder, name, 0);
            return;
        }

        try
        {
            File.Delete(PathOf(name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next rotation tries again.
        }
    }

    /// <summary>The names of the files in it.</summary>
    public IEnumerable<string> Names() =>
        Directory.EnumerateFiles(_folder is null ? _path : Libc.PathOf(_folder) + "/").Select(p => Path.GetFileName(p));

    /// <summary>Has the disk keep which files there are.</summary>
    public void Flush()
    {
        if (_folder is not null)
        {
            RandomAccess.FlushToDisk(_folder);
        }
    }

    public string PathOf(string name) => Path.Combine(_path, name);

    public void Dispose() => _folder?.Dispose();

    public static string Quote(string path) => $"'{WorkspacePath.Printable(path)}'";

    private SafeFileHandle OpenElsewhere(string name)
    {
        FileInfo info = new(PathOf(name));
        RefuseLink(info);
        bool isNew = !info.Exists;
        try
        {
            SafeFileHandle file = File.OpenHandle(
                info.FullName, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
            if (isNew && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, OwnerOnly);
            }

            return file;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new AuditException($"The audit file {Quote(info.FullName)} cannot be opened: {e.Message}", innerException: e);
        }
    }

    private void RefuseLink(FileSystemInfo info)
    {
        if (info.LinkTarget is not null)
        {
            throw IsLink(info.Name);
        }
    }

    private AuditException IsLink(string name) =>
        new($"The audit file {Quote(PathOf(name))} is a link.", "Name the file that it leads to, or another.");
}
