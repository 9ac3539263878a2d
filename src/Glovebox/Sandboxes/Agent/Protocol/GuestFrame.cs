using System.Buffers.Binary;
using System.Text;

namespace Glovebox.Sandboxes.Agent.Protocol;

/// <summary>The types of the frames between the host and the guest agent. A frame is its length (of what follows), its type, a number
/// (of the run or the request that it is about), and a payload; numbers are little-endian.</summary>
internal enum GuestFrameType : byte
{
    /// <summary>To the agent: limits, the guest's user, the work directory, environment variables, a filter of system calls or nothing.
    /// Answered by a hello.</summary>
    Configure = 1,

    /// <summary>To the agent: a <see cref="AgentRunKind"/>, a Python script's name or nothing, programs, arguments, variables, a
    /// directory, a terminal's rows and columns or zeros, standard input, then a file's path and its bytes if one is to be saved.
    /// Answered by an exit; before it by a reply when the file cannot be saved, after it by the replies to a list if that was asked for
    /// and the program has ended by itself.</summary>
    Run,

    /// <summary>To the agent: end the run and everything but the runs that stay and what descends from these; of a run in the background:
    /// what descends from it alone.</summary>
    Kill,

    /// <summary>To the agent: the set-up is over; import these modules, give guest code these variables, and nothing more than it may
    /// have.</summary>
    Seal,

    /// <summary>To the agent: list the work directory. The files come in replies that have more to follow.</summary>
    List,

    /// <summary>To the agent: open a file for reading. The request's number is then the file's handle.</summary>
    OpenRead,

    /// <summary>To the agent: handle, offset, count.</summary>
    Read,

    /// <summary>To the agent: begin to write a file. Not answered; the number is the handle.</summary>
    OpenWrite,

    /// <summary>To the agent: handle, bytes. Not answered.</summary>
    Write,

    /// <summary>To the agent: handle. The file appears under its name, or the answer says what went wrong.</summary>
    Commit,

    /// <summary>To the agent: handle. Not answered; what was written but not committed is dropped.</summary>
    Close,

    /// <summary>To the agent: delete a file.</summary>
    Delete,

    /// <summary>To the agent, before the seal: folders of Python modules, a folder of programs, files to write (path, text, <c>x</c> for a
    /// program). Answered by a reply.</summary>
    Functions = 20,

    /// <summary>To the agent: listen at a port of the loopback (0: any) or at a socket's path. The number is then the listener's. Answered
    /// by a reply with the port.</summary>
    Listen,

    /// <summary>To the agent: the number of a listener that is to end. Answered by a reply.</summary>
    Unlisten,

    /// <summary>To the agent: end every process but the runs that stay and what descends from them. Answered by a reply.</summary>
    Sweep,

    /// <summary>To the agent: the number of a run, and of a signal (16 bits; 16 more are zero) for its process group. Answered by a
    /// reply.</summary>
    Signal,

    /// <summary>To the agent: the number of a run, and the rows and columns of its terminal. Answered by a reply.</summary>
    Resize,

    /// <summary>From the agent, once for each configuration: its version and Python's, whether it can filter system calls, its compiled
    /// program if that is wanted.</summary>
    Hello = 32,

    /// <summary>From the agent: bytes of standard output.</summary>
    StandardOutput,

    /// <summary>From the agent: bytes of standard error.</summary>
    StandardError,

    /// <summary>From the agent: how a run ended.</summary>
    Exit,

    /// <summary>From the agent: what came of a request: a <see cref="GuestReplyStatus"/>, then what it asked for.</summary>
    Reply,

    /// <summary>In both directions: open a stream, which has the frame's number. To the agent: the port, and the socket's path or nothing;
    /// answered by the same type without a payload, or by a reset. From the agent: guest code has connected to the listener of a number,
    /// and the stream's number has its highest bit set.</summary>
    StreamOpen = 48,

    /// <summary>In both directions: bytes, no more than the other side takes.</summary>
    StreamData,

    /// <summary>In both directions: how many more bytes this side takes.</summary>
    StreamCredit,

    /// <summary>In both directions: no more bytes come from this side; they may still go to it.</summary>
    StreamEnd,

    /// <summary>In both directions: the stream is gone. From the agent with the reason in words.</summary>
    StreamReset,
}

/// <summary>What a run is, as flags.</summary>
[Flags]
internal enum AgentRunKind : byte
{
    /// <summary>A block.</summary>
    None,

    /// <summary>A part of the set-up.</summary>
    Setup,

    /// <summary>A server, which the end of another run leaves alive.</summary>
    Service,

    /// <summary>A file is to be saved first.</summary>
    Saves = 4,

    /// <summary>The work directory is to be listed afterwards.</summary>
    Lists = 8,

    /// <summary>A process that stays, as a service does, with all that it disowns.</summary>
    Background = 16,

    /// <summary>Its standard input is a stream to the agent that has the run's number, and is open from the beginning.</summary>
    Input = 32,
}

/// <summary>What came of a request.</summary>
internal enum GuestReplyStatus : byte
{
    /// <summary>It is done; nothing more comes.</summary>
    Done,

    /// <summary>A part of the answer; more comes.</summary>
    More,

    /// <summary>The path passes through a link, or leads outside.</summary>
    Refused,

    /// <summary>There is no such file.</summary>
    Missing,

    /// <summary>Something else failed, in words.</summary>
    Failed,
}

/// <summary>The guest sent a frame that the agent never sends.</summary>
internal sealed class GuestProtocolException(string message) : Exception(message);

/// <summary>Writes the payload of one frame to the agent.</summary>
internal sealed class GuestFrameWriter
{
    public const int HeaderSize = 9;

    private byte[] _data = new byte[256];
    private int _size = HeaderSize;

    public GuestFrameWriter Byte(byte value)
    {
        Reserve(1)[0] = value;
        return this;
    }

    public GuestFrameWriter UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Reserve(sizeof(ushort)), value);
        return this;
    }

    public GuestFrameWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Reserve(sizeof(uint)), value);
        return this;
    }

    public GuestFrameWriter Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
        return this;
    }

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

    /// <summary>Writes the path of a file, as paths of a work directory write it, as its bytes.</summary>
    public GuestFrameWriter Path(string value)
    {
        byte[] bytes = EscapedPath.ToBytes(value);
        return UInt32((uint)bytes.Length).Bytes(bytes);
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

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public bool IsAtEnd => _data.IsEmpty;

    public ReadOnlySpan<byte> Rest => _data;

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public string Text() => Encoding.UTF8.GetString(Take(Int32()));

    /// <summary>Reads the path of a file, whose bytes need not be UTF-8.</summary>
    public string Path() => EscapedPath.FromBytes(Take(Int32()));

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
