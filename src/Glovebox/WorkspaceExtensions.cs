using System.Text;

namespace Glovebox;

/// <summary>Reading and writing whole files of a work directory.</summary>
public static class WorkspaceExtensions
{
    /// <summary>Reads a whole file.</summary>
    /// <param name="workspace">The work directory.</param>
    /// <param name="path">Relative to the work directory.</param>
    /// <param name="maxBytes">A larger file is an error, so that guest code cannot fill the host's memory. The default is 64 MiB.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="WorkspaceException">The path is refused, there is no such file, or it is larger than
    /// <paramref name="maxBytes"/>.</exception>
    public static async Task<byte[]> ReadAllBytesAsync(
        this IWorkspace workspace, string path, int maxBytes = 64 << 20, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBytes);
        Stream stream = await workspace.OpenReadAsync(path, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            return await WholeStream.ReadAsync(stream, maxBytes, cancellationToken).ConfigureAwait(false)
                ?? throw new WorkspaceException(
                    $"'{WorkspacePath.Printable(path)}' is larger than {maxBytes} bytes.", "Open it as a stream, or allow more.");
        }
    }

    /// <summary>Reads a whole file as UTF-8 text; what is not UTF-8 becomes U+FFFD.</summary>
    /// <param name="workspace">The work directory.</param>
    /// <param name="path">Relative to the work directory.</param>
    /// <param name="maxBytes">A larger file is an error. The default is 64 MiB.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="WorkspaceException">The path is refused, there is no such file, or it is larger than
    /// <paramref name="maxBytes"/>.</exception>
    public static async Task<string> ReadAllTextAsync(
        this IWorkspace workspace, string path, int maxBytes = 64 << 20, CancellationToken cancellationToken = default) =>
        Encoding.UTF8.GetString(await workspace.ReadAllBytesAsync(path, maxBytes, cancellationToken).ConfigureAwait(false));

    /// <summary>Writes a whole file.</summary>
    /// <param name="workspace">The work directory.</param>
    /// <param name="path">Relative to the work directory.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="cancellationToken">Gives up; the file is then as it was.</param>
    /// <exception cref="WorkspaceException">The path is refused, or the file cannot be written.</exception>
    public static async Task WriteAllBytesAsync(
        this IWorkspace workspace, string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        using MemoryStream stream = new(content.ToArray(), writable: false);
        await workspace.WriteAsync(path, stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes a whole file as UTF-8 text.</summary>
    /// <param name="workspace">The work directory.</param>
    /// <param name="path">Relative to the work directory.</param>
    /// <param name="content">The text.</param>
    /// <param name="cancellationToken">Gives up; the file is then as it was.</param>
    /// <exception cref="WorkspaceException">The path is refused, or the file cannot be written.</exception>
    public static Task WriteAllTextAsync(
        this IWorkspace workspace, string path, string content, CancellationToken cancellationToken = default) =>
        workspace.WriteAllBytesAsync(path, Encoding.UTF8.GetBytes(content), cancellationToken);
}
