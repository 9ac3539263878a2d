using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>Reads the names in an open directory as bytes, each with its NUL, without <c>.</c> and <c>..</c>, in bounded memory.</summary>
internal sealed class DirectoryNames(SafeFileHandle directory)
{
    // Of struct linux_dirent64: d_ino, d_off, then the entry's length and type, then its name.
    private const int LengthOffset = 16;
    private const int NameOffset = 19;

    private readonly byte[] _buffer = new byte[32 << 10];
    private int _at;
    private int _end;

    /// <summary>The next name; valid until the next call.</summary>
    public bool TryNext(out ReadOnlySpan<byte> name)
    {
        while (true)
        {
            if (_at >= _end)
            {
                _at = 0;
                _end = Libc.ReadEntries(directory, _buffer);
                if (_end == 0)
                {
                    name = default;
                    return false;
                }
            }

            ReadOnlySpan<byte> entry = _buffer.AsSpan(_at, BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(_at + LengthOffset)));
            _at += entry.Length;
            name = entry[NameOffset..];
            name = name[..(name.IndexOf((byte)0) + 1)];
            if (!name.SequenceEqual(".\0"u8) && !name.SequenceEqual("..\0"u8))
            {
                return true;
            }
        }
    }
}
