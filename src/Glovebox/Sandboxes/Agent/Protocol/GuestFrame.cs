using System.Buffers.Binary;
using System.Text;

namespace Glovebox.Sandboxes.Agent;

/// <summary>The types of the frames between the host and the guest agent. A frame is its length (of what follows), its type, a number
/// (of the run or the request that it is about), and a payload; numbers are little-endian.</summary>
internal enum GuestFrameType : byte
{
    /// <summary>To the agent: limits, the guest's user, the work directory, environment variables, a filter of system calls or nothing. Answered
    /// by a hello.</summary>
    Configure = 1,

    /// <summary>To the agent: a <see cref="AgentRunKind"/>, a Python script's name or nothing, programs, arguments, then a file's path and
    /// its bytes if one is to be saved. Answered by an exit; before it by a reply when the file cannot be saved, after it by the replies to
    /// a list if that was asked for and the program has ended by itself.</summary>
    Run,

    /// <summary>To the agent: end the run with everything that it started. Of a service: with everything.</summary>
    Kill,

    /// <summary>To the agent: the set-up is over; import these modules, and give nothing more than guest code may have.</summary>
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

    /// <summary>To the agent, before the seal: folders of Python modules, a folder of programs, the path of the socket for calls or
    /// nothing, files to write (path, text, <c>x</c> for a program). Answered by a reply.</summary>
    Functions = 20,

    /// <summary>To the agent: bytes for the connection to the socket for calls that has this number.</summary>
    CallWrite,

    /// <summary>To the agent: how many more bytes it may send of a connection.</summary>
    CallCredit,

    /// <summary>To the agent: close a connection once it has what was written.</summary>
    CallClose,

    /// <summary>To the agent: connect to a socket or a port inside. How many bytes the host takes at first, the port, the socket's path or
    /// nothing. The number is then the tunnel's. Answered by <see cref="TunnelOpened"/> or <see cref="TunnelClosed"/>.</summary>
    TunnelOpen = 24,

    /// <summary>To the agent: bytes for the connection, no more than it has taken.</summary>
    TunnelSend,

    /// <summary>To the agent: how many more bytes the host takes.</summary>
    TunnelCredit,

    /// <summary>To the agent: a <see cref="GuestTunnelEnd"/>.</summary>
    TunnelClose,

    /// <summary>To the agent: end every process but the services and what descends from them.</summary>
    Sweep,

    /// <summary>From the agent, once for each configuration: its version and Python's, whether it can filter system calls, its compiled program
    /// if that is wanted.</summary>
    Hello = 32,

    /// <summary>From the agent: bytes of standard output.</summary>
    StandardOutput,

    /// <summary>From the agent: bytes of standard error.</summary>
    StandardError,

    /// <summary>From the agent: how a run ended.</summary>
    Exit,

    /// <summary>From the agent: what came of a request: a <see cref="GuestReplyStatus"/>, then what it asked for.</summary>
    Reply,

    /// <summary>From the agent: guest code has connected to the socket for calls; the number is the connection's.</summary>
    CallOpened = 48,

    /// <summary>From the agent: bytes of a connection.</summary>
    CallData,

    /// <summary>From the agent: how many more bytes the host may send to a connection.</summary>
    CallCredited,

    /// <summary>From the agent: a connection has ended. Nothing more comes of it.</summary>
    CallClosed,

    /// <summary>From the agent: the connection is made.</summary>
    TunnelOpened = 52,

    /// <summary>From the agent: bytes of the connection, no more than the host takes.</summary>
    TunnelReceived,

    /// <summary>From the agent: how many bytes the connection has taken.</summary>
    TunnelTaken,

    /// <summary>From the agent: a <see cref="GuestTunnelEnd"/>, and of a failure what it was, in words.</summary>
    TunnelClosed,
}

/// <summary>How one side of a tunnel ends.</summary>
internal enum GuestTunnelEnd : byte
{
    /// <summary>No more bytes come from this side; they may still go to it.</summary>
    Ended,

    /// <summary>The tunnel is gone.</summary>
    Failed,
}

/// <summary>What an agent is to do beyond its work, as flags.</summary>
[Flags]
internal enum AgentOptions : byte
{
    None,

    /// <summary>Send its program as Python has compiled it.</summary>
    SendProgram,

    /// <summary>Do not prepare memory between blocks: the guest has little processor time.</summary>
    SaveProcessorTime,
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
