using System.Buffers.Binary;
using System.Text;

namespace Glovebox.Guest;

/// <summary>The types of the frames between the host and the guest agent. A frame is its length (of what follows), its type, the number
/// of the run that it is about, and a payload; numbers are little-endian.</summary>
internal enum GuestFrameType : byte
{
    /// <summary>To the agent, once: limits, environment variables, modules to preload.</summary>
    Configure = 1,

    /// <summary>To the agent: a Python script's name or nothing, programs, arguments.</summary>
    Run = 2,

    /// <summary>To the agent: end the run with everything that it started.</summary>
    Kill = 3,

    /// <summary>From the agent, once: its version, Python's, and what could not be preloaded.</summary>
    Hello = 16,

    /// <summary>From the agent: bytes of standard output.</summary>
    StandardOutput = 17,

    /// <summary>From the agent: bytes of standard error.</summary>
    StandardError = 18,

    /// <summary>From the agent: how a run ended.</summary>
    Exit = 19,
}

/// <summary>A frame that the guest sent is none that the agent sends.</summary>
internal sealed class GuestProtocolException(string message) : Exception(message);

/// <summary>Writes the payload of one frame to the agent.</summary>
internal sealed class GuestFrameWriter
{
    public const int HeaderSize = 9;

    private byte[] _data = new byte[256];
    private int _size = HeaderSize;

    public GuestFrameWriter Number(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Reserve(sizeof(ulong)), value);
        return this;
    }

    public GuestFrameWriter Text(string value)
    {
        int size = Encoding.UTF8.GetByteCount(value);
        BinaryPrimitives.WriteInt32LittleEndian(Reserve(sizeof(int)), size);
        Encoding.UTF8.GetBytes(value, Reserve(size));
        return this;
    }

    public GuestFrameWriter Texts(IReadOnlyCollection<string> values)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Reserve(sizeof(int)), values.Count);
        foreach (string value in values)
        {
            Text(value);
        }

        return this;
    }

    /// <summary>Gives the whole frame, header included.</summary>
    public ReadOnlyMemory<byte> Frame(GuestFrameType type, uint number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_data, _size - sizeof(int));
        _data[4] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(_data.AsSpan(5), number);
        return _data.AsMemory(0, _size);
    }

    private Span<byte> Reserve(int size)
    {
        if (_data.Length - _size < size)
        {
            Array.Resize(ref _data, Math.Max(_data.Length * 2, _size + size));
        }

        _size += size;
        return _data.AsSpan(_size - size, size);
    }
}

/// <summary>Reads the payload of one frame of the agent. The guest is hostile: every size is checked.</summary>
internal ref struct GuestFrameReader(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _data = data;

    public byte Byte() => Take(1)[0];

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public string Text() => Encoding.UTF8.GetString(Take(Int32()));

    private ReadOnlySpan<byte> Take(int size)
    {
        if (size < 0 || size > _data.Length)
        {
            throw new GuestProtocolException("a field is longer than its frame");
        }

        ReadOnlySpan<byte> taken = _data[..size];
        _data = _data[size..];
        return taken;
    }
}
