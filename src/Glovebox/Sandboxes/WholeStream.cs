namespace Glovebox.Sandboxes;

/// <summary>Reads what a guest gives into memory, up to a limit.</summary>
internal static class WholeStream
{
    /// <summary>Reads a stream to its end. Null: it is longer.</summary>
    public static async Task<byte[]?> ReadAsync(Stream stream, int maxBytes, CancellationToken cancellationToken)
    {
        using MemoryStream content = new();
        byte[] buffer = new byte[64 << 10];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (content.Length + read > maxBytes)
            {
                return null;
            }

            content.Write(buffer, 0, read);
        }

        return content.ToArray();
    }
}
