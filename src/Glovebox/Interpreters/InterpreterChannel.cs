using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Glovebox.Interpreters;

/// <summary>Frames to and from the supervisor of interpreters: the length of what follows (32 bits, little-endian), a type (one byte), the
/// number of a context (32 bits), and a payload.</summary>
/// <param name="stream">The connection. Owned.</param>
internal sealed class InterpreterChannel(Stream stream) : IAsyncDisposable
{
    /// <summary>The longest frame: displays are pictures. Of a longer one interpreters tell only the length.</summary>
    public const int MaxFrame = 64 << 20;

    private const int LengthSize = 4;
    private const int HeadSize = 5;

    /// <summary>Never disposed: one that comes late waits here for its turn.</summary>
    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <summary>Sends a frame.</summary>
    /// <exception cref="IOException">The other side has gone.</exception>
    public async Task SendAsync(InterpreterFrame type, uint context, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        byte[] frame = new byte[LengthSize + HeadSize + payload.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, HeadSize + payload.Length);
        frame[LengthSize] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(LengthSize + 1), context);
        payload.Span.CopyTo(frame.AsSpan(LengthSize + HeadSize));
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A frame that was begun goes out whole.
            await stream.WriteAsync(frame, CancellationToken.None).ConfigureAwait(false);
            await stream.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ObjectDisposedException or CodeExecutionException)
        {
            throw new IOException("The supervisor has gone.", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    public Task SendAsync<T>(
        InterpreterFrame type, uint context, T message, JsonTypeInfo<T> shape, CancellationToken cancellationToken = default) =>
        SendAsync(type, context, JsonSerializer.SerializeToUtf8Bytes(message, shape), cancellationToken);

    /// <summary>Gives the frames until the connection ends.</summary>
    /// <exception cref="IOException">The other side has gone, or sent what it never sends.</exception>
    public async IAsyncEnumerable<ReceivedFrame> ReceiveAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        byte[] buffer = new byte[64 << 10];
        int filled = 0;
        while (true)
        {
            int at = 0;
            while (filled - at >= LengthSize + HeadSize)
            {
                int size = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at));
                if (size is < HeadSize or > MaxFrame)
                {
                    throw new IOException("The supervisor sent a frame that is none.");
                }

                InterpreterFrame type = (InterpreterFrame)buffer[at + LengthSize];
                uint context = BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(at + LengthSize + 1));
                int start = at + LengthSize + HeadSize, length = size - HeadSize;
                if (length <= filled - start)
                {
                    yield return new ReceivedFrame(type, context, buffer.AsMemory(start, length));
                    at = start + length;
                    continue;
                }

                if (length + LengthSize + HeadSize <= buffer.Length)
                {
                    break;
                }

                // It is longer than the buffer.
                byte[] whole = new byte[length];
                buffer.AsSpan(start..filled).CopyTo(whole);
                await stream.ReadExactlyAsync(whole.AsMemory(filled - start), cancellationToken).ConfigureAwait(false);
                at = filled = 0;
                yield return new ReceivedFrame(type, context, whole);
            }

            buffer.AsSpan(at, filled - at).CopyTo(buffer);
            filled -= at;
            int read = await stream.ReadAsync(buffer.AsMemory(filled), cancellationToken).ConfigureAwait(false);
            filled += read > 0 ? read : throw new IOException("The supervisor has gone.");
        }
    }

    /// <summary>Ends the connection. Whoever sends, or is about to, is told that the other side has gone.</summary>
    public ValueTask DisposeAsync() => stream.DisposeAsync();
}

/// <summary>A frame that came.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Context">The number of the context that it is about.</param>
/// <param name="Payload">Its payload, valid until the next is asked for.</param>
internal readonly record struct ReceivedFrame(InterpreterFrame Type, uint Context, ReadOnlyMemory<byte> Payload);
