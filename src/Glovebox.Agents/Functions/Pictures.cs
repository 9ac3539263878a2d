using System.Buffers.Binary;
using System.Text;

namespace Glovebox.Agents.Functions;

/// <summary>Tells whole pictures from broken ones, such as one whose program was ended while it saved it: services refuse a whole
/// conversation because of a broken picture.</summary>
/// <remarks>The files are a guest's: every length is checked, and each byte is read at most twice. What is compressed is not decoded, but a
/// PNG has check sums.</remarks>
internal static class Pictures
{
    /// <summary>Gives what a picture is; null when it is no picture, or broken.</summary>
    public static string? TypeOf(ReadOnlySpan<byte> content) =>
        content.StartsWith(Png) ? (IsPng(content[Png.Length..]) ? "image/png" : null)
        : content is [0xFF, 0xD8, ..] ? (IsJpeg(content[2..]) ? "image/jpeg" : null)
        : content.StartsWith("GIF87a"u8) || content.StartsWith("GIF89a"u8) ? (IsGif(content[6..]) ? "image/gif" : null)
        : content.StartsWith("RIFF"u8) && content.Length >= 12 && content[8..].StartsWith("WEBP"u8) && IsWebP(content) ? "image/webp"
        : null;

    private static ReadOnlySpan<byte> Png => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Chunks: length, type, content, check sum. The first is the header, the last the end.</summary>
    private static bool IsPng(ReadOnlySpan<byte> rest)
    {
        const int Frame = 12;
        const int HeaderSize = 13;
        bool isFirst = true, hasPixels = false;
        while (rest.Length >= Frame)
        {
            uint size = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (size > rest.Length - Frame)
            {
                return false;
            }

            ReadOnlySpan<byte> named = rest.Slice(4, 4 + (int)size);
            ReadOnlySpan<byte> type = named[..4], chunk = named[4..];
            bool isHeader = type.SequenceEqual("IHDR"u8);
            if (isHeader != isFirst
                || (isHeader && (size != HeaderSize || HasNoSize(
                    BinaryPrimitives.ReadUInt32BigEndian(chunk), BinaryPrimitives.ReadUInt32BigEndian(chunk[4..]))))
                || BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + (int)size)..]) != CheckSum.Of(named))
            {
                return false;
            }

            if (type.SequenceEqual("IEND"u8))
            {
                return hasPixels;
            }

            isFirst = false;
            hasPixels |= size > 0 && type.SequenceEqual("IDAT"u8);
            rest = rest[(Frame + (int)size)..];
        }

        return false;
    }

    /// <summary>Segments: a marker, a length, content; after the start of a scan its data, to the end of the picture.</summary>
    private static bool IsJpeg(ReadOnlySpan<byte> rest)
    {
        const byte Mark = 0xFF, StartOfScan = 0xDA, EndOfPicture = 0xD9;
        bool hasFrame = false, hasScan = false;
        while (rest is [Mark, var marker, ..])
        {
            if (marker == EndOfPicture)
            {
                return hasFrame && hasScan;
            }

            if (marker == Mark)
            {
                rest = rest[1..];
                continue;
            }

            if (rest.Length < 4 || BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) is var size && (size < 2 || size > rest.Length - 2))
            {
                return false;
            }

            // The frames' kinds; three numbers among them are tables.
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                if (size < 8 || BinaryPrimitives.ReadUInt16BigEndian(rest[7..]) == 0)
                {
                    return false;
                }

                hasFrame = true;
            }

            hasScan |= marker == StartOfScan;
            rest = rest[(2 + size)..];
            if (marker == StartOfScan)
            {
                rest = rest[ScanLength(rest)..];
            }
        }

        return false;
    }

    /// <summary>The bytes to the next marker that is neither a stuffed byte nor a restart.</summary>
    private static int ScanLength(ReadOnlySpan<byte> data)
    {
        int at = 0;
        while (at < data.Length - 1)
        {
            int found = data[at..].IndexOf((byte)0xFF);
            if (found < 0 || at + found + 1 >= data.Length)
            {
                break;
            }

            at += found;
            if (data[at + 1] is not (0x00 or (>= 0xD0 and <= 0xD7)))
            {
                return at;
            }

            at += 2;
        }

        return data.Length;
    }

    /// <summary>A screen, then extensions and pictures in blocks, then the trailer.</summary>
    private static bool IsGif(ReadOnlySpan<byte> rest)
    {
        const int ScreenSize = 7, PictureSize = 9;
        const byte Extension = 0x21, Picture = 0x2C, Trailer = 0x3B;
        if (rest.Length < ScreenSize || !TrySkip(ref rest, ScreenSize + TableSize(rest[4])))
        {
            return false;
        }

        bool hasPicture = false;
        while (rest.Length > 0)
        {
            byte kind = rest[0];
            if (kind == Trailer)
            {
                return hasPicture;
            }

            int head = kind == Extension ? 2
                : kind == Picture && rest.Length > PictureSize ? 1 + PictureSize + TableSize(rest[PictureSize]) + 1
                : int.MaxValue;
            if (!TrySkip(ref rest, head) || !TrySkipBlocks(ref rest))
            {
                return false;
            }

            hasPicture |= kind == Picture;
        }

        return false;

        static int TableSize(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);

        static bool TrySkipBlocks(ref ReadOnlySpan<byte> rest)
        {
            while (rest.Length > 0)
            {
                int size = rest[0];
                if (!TrySkip(ref rest, 1 + size))
                {
                    return false;
                }

                if (size == 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Chunks in a chunk that says how long the whole is.</summary>
    private static bool IsWebP(ReadOnlySpan<byte> content)
    {
        uint whole = BinaryPrimitives.ReadUInt32LittleEndian(content[4..]);
        if (whole < 4 || whole > content.Length - 8)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = content.Slice(12, (int)whole - 4);
        bool hasPixels = false;
        while (rest.Length >= 8)
        {
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            if (size > rest.Length - 8)
            {
                return false;
            }

            ReadOnlySpan<byte> chunk = rest.Slice(8, (int)size);
            hasPixels |= Encoding.ASCII.GetString(rest[..4]) switch
            {
                "VP8 " => chunk.Length > 10 && chunk[3..].StartsWith((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A]),
                "VP8L" => chunk is [0x2F, _, _, _, _, _, ..],
                "ANMF" => chunk.Length > 24,
                _ => false,
            };
            rest = rest[Math.Min(rest.Length, 8 + (int)size + ((int)size & 1))..];
        }

        return hasPixels;
    }

    private static bool HasNoSize(uint width, uint height) => width is 0 or > int.MaxValue || height is 0 or > int.MaxValue;

    private static bool TrySkip(ref ReadOnlySpan<byte> rest, int count)
    {
        if (count > rest.Length)
        {
            return false;
        }

        rest = rest[count..];
        return true;
    }

    /// <summary>The check sum of a PNG's chunk: CRC-32. The package that has it would be one more for 15 lines.</summary>
    private static class CheckSum
    {
        private const uint Polynomial = 0xEDB88320;

        private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(Entry)];

        public static uint Of(ReadOnlySpan<byte> data)
        {
            uint sum = uint.MaxValue;
            foreach (byte b in data)
            {
                sum = Table[(byte)(sum ^ b)] ^ (sum >> 8);
            }

            return ~sum;
        }

        private static uint Entry(int value)
        {
            uint entry = (uint)value;
            for (int bit = 0; bit < 8; bit++)
            {
                entry = (entry & 1) == 0 ? entry >> 1 : (entry >> 1) ^ Polynomial;
            }

            return entry;
        }
    }
}
