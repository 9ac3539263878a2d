using System.Buffers.Binary;

namespace Glovebox.Functions.Calls;

/// <summary>Reads requests from a connection. A request is its length in four bytes, the length of a name in one, the name, and the
/// arguments as JSON. What is kept grows with what has arrived, never with what was announced.</summary>
internal sealed class CallStream(Stream stream) : IDisposable
{
    public const int HeaderSize = sizeof(int);

    private const int SmallBuffer = 4 << 10;
    private const int LargestKept = 64 << 10;

    private readonly CancellationTokenSource _closed = new();
    private byte[] _buffer = new byte[SmallBuffer];
    private int _start;
    private int _end;
    private Task<int>? _reading;

    /// <summary>Cancelled when the guest has closed the connection, as far as that was watched for.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Bytes that are there.</summary>
    public ReadOnlySpan<byte> Available => _buffer.AsSpan(_start, _end - _start);

    public int NextSize => BinaryPrimitives.ReadInt32LittleEndian(Available);

    /// <summary>Waits until so many bytes are there; false at the connection's end.</summary>
    public async ValueTask<bool> FillAsync(int count, CancellationToken cancellationToken)
    {
        while (_end - _start < count)
        {
            Task<int> reading = _reading ?? BeginRead(count);
            int read = await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
            _reading = null;
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }

    /// <summary>Reads past bytes; false at the connection's end.</summary>
    public async ValueTask<bool> SkipAsync(int count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            if (!await FillAsync(1, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            int skipped = Math.Min(count, _end - _start);
            Consume(skipped);
            count -= skipped;
        }

        return true;
    }

    public void Consume(int count)
    {
        _start += count;
        if (_start == _end)
        {
            _start = _end = 0;
            if (_buffer.Length > LargestKept)
            {
                _buffer = new byte[SmallBuffer];
            }
        }
    }

    /// <summary>Watches for the connection's end while a call runs.</summary>
    public void Watch()
    {
        if (_end == _start && _reading is null)
        {
            _ = BeginRead(1).ContinueWith(
                static (read, closed) =>
                {
                    if (read is not { IsCompletedSuccessfully: true, Result: > 0 })
                    {
                        ((CancellationTokenSource)closed!).Cancel();
                    }
                },
                _closed,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> answer, CancellationToken cancellationToken) =>
        stream.WriteAsync(answer, cancellationToken);

    public void Dispose()
    {
        stream.Dispose();

        // What became of a read that nobody waits for any more is of no interest.
        _ = _reading?.ContinueWith(
            static r => r.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    private Task<int> BeginRead(int wanted)
    {
        if (_start > 0 && _start + wanted > _buffer.Length)
        {
            Available.CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Min(wanted, _buffer.Length * 2));
        }

        return _reading = stream.ReadAsync(_buffer.AsMemory(_end)).AsTask();
    }
}
