using Microsoft.Win32.SafeHandles;

namespace Glovebox.Audit;

/// <summary>The end of an audit file, from which it is gone on.</summary>
/// <param name="Last">The last whole line; null: there is none.</param>
/// <param name="FirstSequence">The number of the first line; 0 where there is none.</param>
/// <param name="Length">The bytes of all whole lines.</param>
/// <param name="Torn">What follows them.</param>
internal sealed record AuditTail(AuditLine? Last, long FirstSequence, long Length, byte[] Torn)
{
    private const int Step = 64 << 10;
    private const int LongestStart = 64;

    /// <exception cref="AuditException">It is not an audit file, or its last line was changed, or made with another key.</exception>
    public static AuditTail Read(SafeFileHandle file, string path, ReadOnlySpan<byte> key)
    {
        long length = RandomAccess.GetLength(file);
        for (int size = (int)Math.Min(length, Step); ; size = (int)Math.Min(length, Math.Min(size * 4L, AuditLine.MaxBytes * 2L)))
        {
            byte[] end = ReadAt(file, length - size, size);
            int stop = end.AsSpan().LastIndexOf((byte)'\n');
            int start = stop < 1 ? -1 : end.AsSpan(0, stop).LastIndexOf((byte)'\n');
            bool isWhole = size == length;
            if (start < 0 && !isWhole)
            {
                if (size == AuditLine.MaxBytes * 2)
                {
                    throw NoAuditFile(path);
                }

                continue;
            }

            byte[] torn = end[(stop + 1)..];
            if (!AuditLine.MayBeTorn(torn))
            {
                throw NoAuditFile(path);
            }

            return stop < 0
                ? new(null, 0, 0, torn)
                : new(
                    ReadLast(end.AsSpan((start + 1)..stop), path, key),
                    AuditLine.TryReadSequence(ReadAt(file, 0, (int)Math.Min(length, LongestStart)), out long first)
                        ? first : throw NoAuditFile(path),
                    length - torn.Length,
                    torn);
        }
    }

    private static AuditLine ReadLast(ReadOnlySpan<byte> text, string path, ReadOnlySpan<byte> key)
    {
        if (!AuditLine.TryRead(text, key, out AuditLine line))
        {
            throw NoAuditFile(path);
        }

        if (line.IsKeyed == key.IsEmpty)
        {
            throw new AuditException(
                $"The audit file {AuditFolder.Quote(path)} was written with{(line.IsKeyed ? "" : "out")} a key.",
                $"Use it with{(line.IsKeyed ? " its" : "out a")} key, or name another file.");
        }

        return line.IsUnchanged ? line : throw new AuditException(
            $"The last line of the audit file {AuditFolder.Quote(path)} was changed{(line.IsKeyed ? ", or made with another key" : "")}.",
            "Check it with: glovebox audit verify. Move it away to begin a new one.");
    }

    private static byte[] ReadAt(SafeFileHandle file, long offset, int count)
    {
        byte[] bytes = new byte[count];
        for (int at = 0, read; at < count; at += read)
        {
            read = RandomAccess.Read(file, bytes.AsSpan(at), offset + at);
            if (read == 0)
            {
                return bytes[..at];
            }
        }

        return bytes;
    }

    private static AuditException NoAuditFile(string path) => new(
        $"{AuditFolder.Quote(path)} does not end as an audit file does: nothing is added to it.",
        "Name another file, or move this one away. If it is an audit file, check it with: glovebox audit verify.");
}
