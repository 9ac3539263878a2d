namespace Glovebox.Sandboxes;

/// <summary>All files of a sandbox, with the rights of guest code.</summary>
/// <remarks>
/// <para><b>Rights.</b> A program in the sandbox does the work, started as guest code is. It may do what guest code may do, and nothing
/// else: a link that guest code made leads nowhere that guest code could not go by itself. It is started on first use, and again when guest
/// code has ended it. In a sandbox that isolates nothing these are the files of the host, with the rights of this process.</para>
/// <para><b>Paths</b> are absolute, or relative to the work directory, with <c>/</c> between names. Bytes that are not UTF-8 are written as
/// <see cref="WorkspaceFile.Path"/> says. Links are followed as a program would follow them, unless a member says otherwise.</para>
/// <para><b>Trust.</b> All that is told of files is the guest's word. It is checked and bounded, and may be untrue. Guest code can also
/// delay an answer for as long as it likes: cancel what should not wait.</para>
/// <para>Members may be called from any thread. There can be at most 128 operations at the same time; a stream that is read and a folder
/// that is watched are one each.</para>
/// <para><b>Errors.</b> What cannot be done is a <see cref="SandboxFileException"/>, with a code for each reason. Without Python 3.8 or
/// newer in the sandbox every member throws a <see cref="SandboxUnavailableException"/>, and a <see cref="SandboxLostException"/> once the
/// sandbox has ended.</para>
/// </remarks>
public interface ISandboxFiles
{
    /// <summary>Tells of one file or folder.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="followsLinks">Whether to tell of what a link leads to. The default is true.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What there is; null when there is nothing.</returns>
    /// <exception cref="SandboxFileException">It cannot be looked at.</exception>
    Task<SandboxFile?> GetAsync(string path, bool followsLinks = true, CancellationToken cancellationToken = default);

    /// <summary>Lists a folder. Links in it are listed and not followed.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="depth">How many levels are listed: 1 to <see cref="SandboxFileListing.MaxDepth"/>. The default is 1, what is in the
    /// folder itself.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SandboxFileException">It cannot be read, or is not a folder.</exception>
    Task<SandboxFileListing> ListAsync(string path, int depth = 1, CancellationToken cancellationToken = default);

    /// <summary>Opens a regular file for reading. The caller disposes the stream, which cannot seek. It is read as fast as the caller
    /// reads; what cannot be read any further is an <see cref="IOException"/>.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="offset">Where to begin, in bytes. Beyond the end there is nothing to read. The default is 0.</param>
    /// <param name="length">How many bytes to read at most. Null, the default: to the end.</param>
    /// <param name="cancellationToken">Gives up the opening.</param>
    /// <exception cref="SandboxFileException">It cannot be read, or is not a regular file: a pipe or a device is not opened.</exception>
    Task<Stream> OpenReadAsync(string path, long offset = 0, long? length = null, CancellationToken cancellationToken = default);

    /// <summary>Writes a file. It appears whole or not at all, and replaces one that is there, unless it is appended to. Where the path is
    /// a link, the file that it leads to is written.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="content">Read to its end from where it stands; stays the caller's.</param>
    /// <param name="options">How to write. Null, the default: a new file, in a folder that is there.</param>
    /// <param name="cancellationToken">Gives up. The file is then as it was; one that is appended to may have got a part.</param>
    /// <exception cref="SandboxFileException">It cannot be written.</exception>
    Task WriteAsync(
        string path, Stream content, SandboxFileWriteOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Makes a folder, with those that it is in.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when it was there already.</returns>
    /// <exception cref="SandboxFileException">It cannot be made, or there is a file of that name.</exception>
    Task<bool> CreateDirectoryAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Moves or renames a file, a link itself or a folder. Files and links can be moved to another file system.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="newPath">Its new path, not the folder that it comes into.</param>
    /// <param name="overwrites">Whether to replace a file, or an empty folder by a folder. The default is false.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="SandboxFileException">It cannot be moved.</exception>
    Task MoveAsync(string path, string newPath, bool overwrites = false, CancellationToken cancellationToken = default);

    /// <summary>Deletes a file, a link itself or a folder, never the work directory.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="isRecursive">Whether a folder is deleted with all that is in it. The default is false: only an empty one is.</param>
    /// <param name="cancellationToken">Gives up; some of a folder may be deleted by then.</param>
    /// <returns>False when there was nothing.</returns>
    /// <exception cref="SandboxFileException">It, or something in it, cannot be deleted. What can be deleted is.</exception>
    Task<bool> DeleteAsync(string path, bool isRecursive = false, CancellationToken cancellationToken = default);

    /// <summary>Sets the permissions of a file or folder.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="permissions">All of its permissions.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="SandboxFileException">They cannot be set.</exception>
    Task SetPermissionsAsync(string path, UnixFileMode permissions, CancellationToken cancellationToken = default);

    /// <summary>Watches a folder.</summary>
    /// <remarks>The first event is <see cref="SandboxFileEventKind.Started"/>: what happens from then on is told. The kernel keeps what is
    /// not read yet, up to a limit; when that is reached, an event of the kind <see cref="SandboxFileEventKind.Lost"/> says that others are
    /// missing. The enumeration ends after an event of the kind <see cref="SandboxFileEventKind.Ended"/>, which says why, when the folder
    /// itself is gone.</remarks>
    /// <param name="path">Its path.</param>
    /// <param name="isRecursive">Whether the folders in it are watched, too, new ones included. The default is false.</param>
    /// <param name="cancellationToken">Ends the watching.</param>
    /// <exception cref="SandboxFileException">It cannot be watched, or can be no longer.</exception>
    IAsyncEnumerable<SandboxFileEvent> WatchAsync(string path, bool isRecursive = false, CancellationToken cancellationToken = default);
}
