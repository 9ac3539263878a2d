using System.Buffers.Binary;
using System.IO.Compression;

namespace Glovebox.Tests.Common;

/// <summary>Decodes PNG pictures as far as a test needs.</summary>
public static class Png
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Gives the width and height of a picture whose every chunk is whole and whose pixels are all there; fails
    /// otherwise.</summary>
    public static (int Width, int Height) Decode(ReadOnlyMemory<byte> picture)
    {
        ReadOnlySpan<byte> data = picture.Span;
        Assert.True(data.StartsWith(Signature), "A PNG begins with its signature.");
        data = data[Signature.Length..];
        int width = 0, height = 0, channels = 0;
        using MemoryStream compressed = new();
        string type;
        do
        {
            int size = BinaryPrimitives.ReadInt32BigEndian(data);
            type = System.Text.Encoding.ASCII.GetString(data.Slice(4, 4));
            ReadOnlySpan<byte> content = data.Slice(8, size);
            Assert.Equal(BinaryPrimitives.ReadUInt32BigEndian(data[(8 + size)..]), Checksum(data.Slice(4, 4 + size)));
            if (type == "IHDR")
            {
                width = BinaryPrimitives.ReadInt32BigEndian(content);
                height = BinaryPrimitives.ReadInt32BigEndian(content[4..]);
                Assert.Equal(8, content[8]);
                channels = content[9] switch { 2 => 3, 6 => 4, _ => throw new InvalidDataException("A kind of picture that no test expects.") };
            }
            else if (type == "IDAT")
            {
                compressed.Write(content);
            }

            data = data[(12 + size)..];
        }
        while (type != "IEND");

        compressed.Position = 0;
        using ZLibStream pixels = new(compressed, CompressionMode.Decompress);
        using MemoryStream raw = new();
        pixels.CopyTo(raw);
        Assert.Equal((long)height * (1 + (width * channels)), raw.Length);
        return (width, height);
    }

    private static uint Checksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
            }
        }

        return ~crc;
    }
}
