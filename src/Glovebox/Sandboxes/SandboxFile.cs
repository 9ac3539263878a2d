namespace Glovebox.Sandboxes;

/// <summary>What there is of a file or folder in a sandbox. All of it is the guest's word.</summary>
/// <param name="path">The absolute path.</param>
/// <param name="kind">What it is.</param>
public sealed class SandboxFile(string path, SandboxFileKind kind)
{
    /// <summary>Gets the absolute path as it was asked for, with links in it. Guest code may have chosen it: it may hold control
    /// characters. Bytes that are not UTF-8 are written as <see cref="WorkspaceFile.Path"/> says.</summary>
    public string Path => path;

    /// <summary>Gets the last name of the path.</summary>
    public string Name => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>Gets what it is.</summary>
    public SandboxFileKind Kind => kind;

    /// <summary>Gets the size in bytes. That of a file of <c>/proc</c> is 0, whatever can be read from it.</summary>
    public long Size { get; init; }

    /// <summary>Gets the permissions.</summary>
    public UnixFileMode Permissions { get; init; }

    /// <summary>Gets the number of the user who owns it, as the sandbox counts users.</summary>
    public uint UserId { get; init; }

    /// <summary>Gets the number of the group that owns it.</summary>
    public uint GroupId { get; init; }

    /// <summary>Gets when it was changed. Guest code can set it.</summary>
    public DateTimeOffset LastModified { get; init; }

    /// <summary>Gets where a link leads, as the link says it. Null: it is not a link, or was followed.</summary>
    public string? LinkTarget { get; init; }
}

/// <summary>What a file in a sandbox is.</summary>
public enum SandboxFileKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A folder.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    Link,

    /// <summary>A pipe, a socket or a device.</summary>
    Other,
}

/// <summary>What is in a folder of a sandbox.</summary>
/// <param name="files">The entries, sorted by path.</param>
/// <param name="isComplete">Whether nothing was left out.</param>
public sealed class SandboxFileListing(IReadOnlyList<SandboxFile> files, bool isComplete)
{
    /// <summary>How many entries a listing has at most: 10,000.</summary>
    public const int MaxFiles = 10_000;

    /// <summary>How many levels a listing has at most: 64.</summary>
    public const int MaxDepth = 64;

    /// <summary>Gets the files, links and folders, sorted by path.</summary>
    public IReadOnlyList<SandboxFile> Files => files;

    /// <summary>Gets whether nothing was left out: there were at most <see cref="MaxFiles"/> entries, with 16 MiB of paths and link
    /// targets, and each folder on the levels that were asked for could be read.</summary>
    public bool IsComplete => isComplete;
}

/// <summary>How a file of a sandbox is written.</summary>
public sealed record SandboxFileWriteOptions
{
    /// <summary>Gets whether the content is put at the end of the file, which is made when it is not there. The default is false: the
    /// content is the whole file.</summary>
    public bool Appends { get; init; }

    /// <summary>Gets whether the folders are made that the file is in. The default is false.</summary>
    public bool MakesFolders { get; init; }

    /// <summary>Gets the permissions of the file, of one that is appended to only when it is new. Null, the default: those of the file that
    /// is replaced, or what programs in the sandbox give to new files.</summary>
    public UnixFileMode? Permissions { get; init; }
}
