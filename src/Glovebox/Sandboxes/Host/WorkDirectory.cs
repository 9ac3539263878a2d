using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>The work directory on the host: the caller's, or a temporary one of our own.</summary>
internal sealed class WorkDirectory(string? path) : IAsyncDisposable
{
    private const uint OthersEnter = 0x1C9; // 0711
    private const uint NewDirectoryMode = 0x1FF; // 0777, less the umask

    private readonly string? _given = path is null ? null : System.IO.Path.GetFullPath(path);
    private string? _own;
    private string? _resolved;

    /// <summary>What the caller named, absolute; null: a temporary one.</summary>
    public string? Given => _given;

    /// <summary>Whether we made it, so that we may choose its owner.</summary>
    public bool IsMade { get; private set; }

    /// <summary>The absolute path without any link, once <see cref="Create"/> was called.</summary>
    public string Path => _resolved ?? _given ?? throw new InvalidOperationException("The sandbox is not started.");

    /// <summary>Makes the directory when it is missing.</summary>
    /// <remarks>Links in a path that was given are followed once. From then on the path is the one that they led to.</remarks>
    /// <exception cref="SandboxUnavailableException">It cannot be made or used, or is one of the system's.</exception>
    public void Create()
    {
        if (_given is null)
        {
            CreateOwn();
            return;
        }

        if (OperatingSystem.IsLinux() && LinkOfAStranger(_given) is { } link)
        {
            throw Unusable($"'{link}' is a link that another user made", null);
        }

        if (File.Exists(_given))
        {
            // So is a link that leads nowhere, to .NET.
            throw Unusable(new FileInfo(_given).LinkTarget is null ? "it is a file" : "it is a link that leads to no directory", null);
        }

        try
        {
            Make(_resolved ?? _given);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(e.Message, e);
        }

        if (OperatingSystem.IsLinux())
        {
            Resolve();
        }
    }

    /// <summary>Deletes the directory if it is a temporary one.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_own is { } own)
        {
            _own = _resolved = null;
            await TemporaryFolders.DeleteAsync(own).ConfigureAwait(false);
        }
    }

    public SandboxUnavailableException Unusable(string reason, Exception? cause) => new(
        "work-directory-unusable",
        $"The work directory '{_given}' cannot be used: {reason.TrimEnd('.')}.",
        "Name a directory that you may read and write, or none for a temporary one.",
        cause);

    /// <summary>Makes a folder in a temporary one. The outer stays this user's, so that it can be told from a trap when it is left
    /// over.</summary>
    private void CreateOwn()
    {
        if (_resolved is not null)
        {
            return;
        }

        _own ??= TemporaryFolders.Create("work");
        string work = System.IO.Path.Combine(_own, "work");
        TemporaryFolders.MakePrivate(work);
        if (Libc.EffectiveUserId() == 0)
        {
            // The user that guest code gets has to come through.
            _ = Libc.ChangeMode(_own, OthersEnter);
        }

        _resolved = work;
        IsMade = true;
    }

    /// <summary>Makes a directory that is not there. What another makes at the same moment was not made here.</summary>
    private void Make(string directory)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
            IsMade = true;
            return;
        }

        if (System.IO.Path.GetDirectoryName(System.IO.Path.TrimEndingDirectorySeparator(directory)) is { } parent)
        {
            CheckNearest(parent);
            Directory.CreateDirectory(parent);
        }

        bool isMade = Libc.MakeDirectory(directory, NewDirectoryMode) == 0;
        string error = Libc.LastError;
        IsMade |= isMade;
        if (!isMade && !Directory.Exists(directory))
        {
            throw new IOException(error);
        }
    }

    /// <summary>Makes nothing where nothing can be used: in some folders even an empty one means something to the kernel.</summary>
    private void CheckNearest(string parent)
    {
        string? at = parent;
        while (at is not null && !Directory.Exists(at))
        {
            at = System.IO.Path.GetDirectoryName(at);
        }

        using SafeFileHandle nearest = Libc.Open(at ?? "/", Libc.OpenPath | Libc.OpenDirectory | Libc.OpenCloseOnExec, 0);
        if (OperatingSystem.IsLinux()
            && !nearest.IsInvalid
            && SystemFolders.RefusesFoldersIn(Libc.RealPath(nearest) ?? "/", nearest) is { } reason)
        {
            throw Unusable(reason, null);
        }
    }

    private void Resolve()
    {
        string at = _resolved ?? _given!;
        using SafeFileHandle directory = Libc.Open(at, Libc.OpenPath | Libc.OpenDirectory | Libc.OpenCloseOnExec, 0);
        if (directory.IsInvalid)
        {
            throw Unusable(Libc.LastError, null);
        }

        // The kernel says where the descriptor is, whatever links led there.
        string real = Libc.RealPath(directory) ?? at;
        if (_resolved is not null && _resolved != real)
        {
            throw Unusable("it is another directory than it was before", null);
        }

        // A deleted directory's path, and one of another mount namespace, mean something else here, or nothing.
        using SafeFileHandle there = Libc.Open(real, Libc.OpenPath | Libc.OpenDirectory | Libc.OpenNoFollow | Libc.OpenCloseOnExec, 0);
        if (!Libc.IsSame(directory, there))
        {
            throw Unusable($"it leads to a directory that this process does not see at '{WorkspacePath.Printable(real)}'", null);
        }

        if (SystemFolders.Refuses(real, directory) is { } reason)
        {
            throw Unusable(real == _given ? reason : $"it leads to '{real}', and {reason}", null);
        }

        _resolved = real;
    }

    /// <summary>Finds a link on the way that belongs to neither root nor this user.</summary>
    private static string? LinkOfAStranger(string path)
    {
        for (string? at = path; at is not null; at = System.IO.Path.GetDirectoryName(at))
        {
            using SafeFileHandle link = Libc.Open(at, Libc.OpenPath | Libc.OpenNoFollow | Libc.OpenCloseOnExec, 0);
            if (Libc.TryStatus(link, out Libc.FileStatus status)
                && status.IsLink
                && status.Uid != 0
                && status.Uid != Libc.EffectiveUserId())
            {
                return at;
            }
        }

        return null;
    }
}
