using System.Text;

namespace Glovebox.Sandboxes;

/// <summary>Reading and writing whole files of a sandbox.</summary>
public static class SandboxFilesExtensions
{
    /// <summary>Reads a whole file.</summary>
    /// <param name="files">The files of the sandbox.</param>
    /// <param name="path">Absolute, or relative to the work directory.</param>
    /// <param name="maxBytes">A larger file is an error, so that guest code cannot fill the host's memory. The default is 64 MiB.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SandboxFileException">The file cannot be read, or is larger than <paramref name="maxBytes"/>
    /// (<c>file-too-large</c>).</exception>
    public static async Task<byte[]> ReadAllBytesAsync(
        this ISandboxFiles files, string path, int maxBytes = 64 << 20, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBytes);
        Stream stream = await files.OpenReadAsync(path, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            return await WholeStream.ReadAsync(stream, maxBytes, cancellationToken).ConfigureAwait(false)
                ?? throw new SandboxFileException(
                    "file-too-large",
                    path,
                    $"'{WorkspacePath.Printable(path)}' is larger than {maxBytes} bytes.",
                    "Open it as a stream, or allow more.");
        }
    }

    /// <summary>Reads a whole file as UTF-8 text; what is not UTF-8 becomes U+FFFD.</summary>
    /// <param name="files">The files of the sandbox.</param>
    /// <param name="path">Absolute, or relative to the work directory.</param>
    /// <param name="maxBytes">A larger file is an error. The default is 64 MiB.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SandboxFileException">The file cannot be read, or is larger than <paramref name="maxBytes"/>.</exception>
    public static async Task<string> ReadAllTextAsync(
        this ISandboxFiles files, string path, int maxBytes = 64 << 20, CancellationToken cancellationToken = default) =>
        Encoding.UTF8.GetString(await files.ReadAllBytesAsync(path, maxBytes, cancellationToken).ConfigureAwait(false));

    /// <summary>Writes a whole file.</summary>
    /// <param name="files">The files of the sandbox.</param>
    /// <param name="path">Absolute, or relative to the work directory.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="options">How to write. Null, the default: a new file, in a folder that is there.</param>
    /// <param name="cancellationToken">Gives up; the file is then as it was.</param>
    /// <exception cref="SandboxFileException">The file cannot be written.</exception>
    public static async Task WriteAllBytesAsync(
        this ISandboxFiles files,
        string path,
        ReadOnlyMemory<byte> content,
        SandboxFileWriteOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        using MemoryStream stream = new(content.ToArray(), writable: false);
        await files.WriteAsync(path, stream, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a whole file as UTF-8 text.</summary>
    /// <param name="files">The files of the sandbox.</param>
    /// <param name="path">Absolute, or relative to the work directory.</param>
    /// <param name="content">The text.</param>
    /// <param name="options">How to write. Null, the default: a new file, in a folder that is there.</param>
    /// <param name="cancellationToken">Gives up; the file is then as it was.</param>
    /// <exception cref="SandboxFileException">The file cannot be written.</exception>
    public static Task WriteAllTextAsync(
        this ISandboxFiles files,
        string path,
        string content,
        SandboxFileWriteOptions? options = null,
        CancellationToken cancellationToken = default) =>
        files.WriteAllBytesAsync(path, Encoding.UTF8.GetBytes(content), options, cancellationToken);
}
