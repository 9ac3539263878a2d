namespace Glovebox;

/// <summary>The files of an executor's work directory.</summary>
/// <remarks>
/// Paths are relative to the work directory, with <c>/</c> between names, written as <see cref="WorkspaceFile.Path"/> says. Guest code
/// owns this directory and may be hostile, so a path
/// that leads outside, that is absolute, or that passes through a link is refused, and links are neither listed nor followed.
/// Members may be called from any thread, also while code runs.
/// </remarks>
public interface IWorkspace
{
    /// <summary>Lists the regular files, in sub-folders too. That of an executor leaves out the temporary files that hold the code of
    /// blocks (<c>tmp_code_</c> and 32 digits); they can be read all the same.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="WorkspaceException">The directory cannot be read.</exception>
    Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>Opens a file for reading. The caller disposes the stream.</summary>
    /// <param name="path">Relative to the work directory.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="WorkspaceException">The path is refused, or there is no such regular file.</exception>
    Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Writes a file, making sub-folders as needed. The file appears whole or not at all; one that exists is replaced.</summary>
    /// <param name="path">Relative to the work directory.</param>
    /// <param name="content">Read to its end from where it stands; stays the caller's.</param>
    /// <param name="cancellationToken">Gives up; the file is then as it was.</param>
    /// <exception cref="WorkspaceException">The path is refused, or the file cannot be written.</exception>
    Task WriteAsync(string path, Stream content, CancellationToken cancellationToken = default);

    /// <summary>Deletes a file.</summary>
    /// <param name="path">Relative to the work directory.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when there was no such file.</returns>
    /// <exception cref="WorkspaceException">The path is refused, or the file cannot be deleted.</exception>
    Task<bool> DeleteAsync(string path, CancellationToken cancellationToken = default);
}

/// <summary>A file of the work directory.</summary>
/// <param name="path">Relative to the work directory, with <c>/</c> between names.</param>
/// <param name="size">In bytes.</param>
/// <param name="lastModified">When it was changed.</param>
public sealed class WorkspaceFile(string path, long size, DateTimeOffset lastModified)
{
    /// <summary>Gets the path, relative to the work directory, with <c>/</c> between names. Guest code chose it: it may hold control
    /// characters.</summary>
    /// <remarks>The bytes of a name that are not UTF-8 are written as escapes: <c>caf\xE9.txt</c>, two upper-case digits for each byte.
    /// In a name that holds such letters itself, their backslash is written <c>\x5C</c>; any other backslash stays. Members of
    /// <see cref="IWorkspace"/> read the escapes back, so a path out of a listing always means that file; an executor that reaches its
    /// files by text alone refuses one that is not UTF-8.</remarks>
    public string Path => path;

    /// <summary>Gets the size in bytes.</summary>
    public long Size => size;

    /// <summary>Gets when it was changed. Guest code can set it.</summary>
    public DateTimeOffset LastModified => lastModified;

    /// <summary>Gets whether it has set-user-id or set-group-id bits, so that running it outside of the sandbox would give its owner's
    /// rights. Guest code cannot make such a file; one that was there before, or that another program puts there, is marked.</summary>
    public bool HasSetIdBits { get; init; }

    /// <summary>Changes whenever the file does, even when size and time are made to look the same (inode and change time).</summary>
    internal long ChangeStamp { get; init; }

    /// <summary>Gets whether the file is as it was.</summary>
    internal bool IsSame(WorkspaceFile? before) => before is not null
        && (Path, Size, LastModified, HasSetIdBits, ChangeStamp)
            == (before.Path, before.Size, before.LastModified, before.HasSetIdBits, before.ChangeStamp);

    /// <summary>The time that a file says, which may be any, or the nearest one that there is.</summary>
    internal static DateTimeOffset Time(long seconds, long ticks)
    {
        long nearest = Math.Clamp(seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds());
        return DateTimeOffset.FromUnixTimeSeconds(nearest).AddTicks(ticks);
    }
}

/// <summary>The files found in a work directory.</summary>
/// <param name="files">Regular files, sorted by path.</param>
/// <param name="isComplete">Whether nothing was left out.</param>
public sealed class WorkspaceListing(IReadOnlyList<WorkspaceFile> files, bool isComplete)
{
    /// <summary>How many directory entries a listing looks at: 10,000.</summary>
    public const int MaxFiles = 10_000;

    /// <summary>Gets the regular files, sorted by path.</summary>
    public IReadOnlyList<WorkspaceFile> Files => files;

    /// <summary>Gets whether nothing was left out: there were at most <see cref="MaxFiles"/> entries, in folders at most 64
    /// deep.</summary>
    public bool IsComplete => isComplete;

    /// <summary>How deep a listing looks: 64 folders.</summary>
    internal const int MaxDepth = 64;
}
