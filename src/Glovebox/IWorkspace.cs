namespace Glovebox;

/// <summary>The files of an executor's work directory.</summary>
/// <remarks>
/// Paths are relative to the work directory, with <c>/</c> between names. Guest code owns this directory and may be hostile, so a path
/// that leads outside, that is absolute, or that passes through a link is refused, and links are neither listed nor followed.
/// Members may be called from any thread, also while code runs.
/// </remarks>
public interface IWorkspace
{
    /// <summary>Lists the regular files, in sub-folders too.</summary>
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
/// <param name="Path">Relative to the work directory, with <c>/</c> between names. Chosen by guest code: it may hold control
/// characters.</param>
/// <param name="Size">In bytes.</param>
/// <param name="LastModified">As the file says; guest code can set it.</param>
public sealed record WorkspaceFile(string Path, long Size, DateTimeOffset LastModified)
{
    /// <summary>Whether it has set-user-id or set-group-id bits: who starts it outside of the sandbox may become its owner. Guest code
    /// cannot make such a file; one that was there before, or that another program puts there, is marked.</summary>
    public bool HasSetIdBits { get; init; }

    /// <summary>Changes whenever the file does, even when size and time are made to look the same (inode and change time).</summary>
    internal long ChangeStamp { get; init; }

    /// <summary>The time that a file says, which may be any, or the nearest one that there is.</summary>
    internal static DateTimeOffset Time(long seconds, long ticks)
    {
        long nearest = Math.Clamp(seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds());
        return DateTimeOffset.FromUnixTimeSeconds(nearest).AddTicks(ticks);
    }
}

/// <summary>The files found in a work directory.</summary>
/// <param name="Files">Regular files, sorted by path.</param>
/// <param name="IsComplete">False when there were more than <see cref="MaxFiles"/> entries, or folders nested deeper than 64,
/// and the rest was left out.</param>
public sealed record WorkspaceListing(IReadOnlyList<WorkspaceFile> Files, bool IsComplete)
{
    /// <summary>How many directory entries a listing looks at: 10,000.</summary>
    public const int MaxFiles = 10_000;

    /// <summary>How deep a listing looks: 64 folders.</summary>
    internal const int MaxDepth = 64;
}
