using System.Buffers.Binary;
using System.Text.Json;

namespace Glovebox.Sandboxes.Files;

/// <summary>A connection to the file service, for one operation: lines of JSON, and pieces of content with their lengths before them. What
/// comes over it is hostile: a line and a piece have a largest length, and no more is kept.</summary>
/// <param name="stream">The connection, owned by this.</param>
/// <param name="service">What it leads to.</param>
internal sealed class FileChannel(Stream stream, FileService service) : IAsyncDisposable
{
    /// <summary>The largest line of a service. The service has one for us.</summary>
    private const int MaxLine = 64 << 10;
    private const int MaxPiece = 64 << 10;
    private const uint Failure = uint.MaxValue;

    private byte[] _buffer = new byte[4 << 10];
    private int _start;
    private int _end;
    private int _piece;

    /// <summary>How many bytes of content go into one piece, so that it and its length are one frame of an agent.</summary>
    public const int PieceLength = MaxPiece - sizeof(uint);

    public FileService Service => service;

    /// <summary>What is done when this is closed.</summary>
    public Action? Closed { get; set; }

    public async ValueTask SendAsync(FileOrder order, CancellationToken cancellationToken)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(order, FileJson.Default.FileOrder), (byte)'\n'];
        await stream.WriteAsync(line, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a piece of content.</summary>
    /// <param name="piece">Room for its length, and the bytes. With none it is the end.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public ValueTask SendPieceAsync(Memory<byte> piece, CancellationToken cancellationToken)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(piece.Span, (uint)(piece.Length - sizeof(uint)));
        return stream.WriteAsync(piece, cancellationToken);
    }

    /// <summary>Reads a line.</summary>
    /// <exception cref="IOException">The connection ended.</exception>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public async ValueTask<FileAnswer> ReceiveAsync(CancellationToken cancellationToken)
    {
        int looked = 0;
        while (true)
        {
            int length = _buffer.AsSpan(_start + looked, _end - _start - looked).IndexOf((byte)'\n');
            if (length >= 0)
            {
                ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, looked + length);
                _start += line.Length + 1;
                return Read(line.Span);
            }

            looked = _end - _start;
            if (looked >= MaxLine)
            {
                throw new InvalidDataException("a line is too long");
            }

            await FillAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads content.</summary>
    /// <returns>How many bytes; 0 at the end.</returns>
    /// <exception cref="IOException">The connection ended.</exception>
    /// <exception cref="InvalidDataException">It is none.</exception>
    /// <exception cref="FileFailureException">The service says why there is no more.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_piece == 0)
        {
            while (_end - _start < sizeof(uint))
            {
                await FillAsync(cancellationToken).ConfigureAwait(false);
            }

            uint length = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start));
            _start += sizeof(uint);
            switch (length)
            {
                case 0:
                    return 0;
                case Failure:
                    throw new FileFailureException((await ReceiveAsync(cancellationToken).ConfigureAwait(false)).Error ?? "");
                case > MaxPiece:
                    throw new InvalidDataException("a piece is too long");
            }

            _piece = (int)length;
        }

        Memory<byte> wanted = buffer[..Math.Min(buffer.Length, _piece)];
        int read = Math.Min(wanted.Length, _end - _start);
        if (read > 0)
        {
            _buffer.AsMemory(_start, read).CopyTo(wanted);
            _start += read;
        }
        else if ((read = await stream.ReadAsync(wanted, cancellationToken).ConfigureAwait(false)) == 0)
        {
            throw new EndOfStreamException("The connection has ended.");
        }

        _piece -= read;
        return read;
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync().ConfigureAwait(false);
        Closed?.Invoke();
        Closed = null;
    }

    private static FileAnswer Read(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, FileJson.Default.FileAnswer) ?? throw new InvalidDataException("a line says nothing");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("a line is no answer", e);
        }
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Min(4 * _buffer.Length, MaxLine + 1));
        }

        int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read > 0 ? read : throw new EndOfStreamException("The connection has ended.");
    }
}

/// <summary>The service says that it cannot go on.</summary>
/// <param name="word">Its word for the reason.</param>
internal sealed class FileFailureException(string word) : Exception(word);
