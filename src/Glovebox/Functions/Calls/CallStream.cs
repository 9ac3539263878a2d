using System.Buffers;
using System.IO.Pipelines;

namespace Glovebox.Functions.Calls;

/// <summary>Reads requests from a connection. A request is its length in four bytes, the length of a name in one, the name, and the
/// arguments as JSON. What is kept grows with what has arrived, never with what was announced.</summary>
internal sealed class CallStream(Stream stream) : IDisposable
{
    public const int HeaderSize = sizeof(int);

    private readonly PipeReader _reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 << 10, leaveOpen: true));
    private readonly CancellationTokenSource _closed = new();
    private ReadOnlySequence<byte> _arrived;
    private Task _watching = Task.CompletedTask;
    private bool _hasRead;

    /// <summary>Cancelled when the guest has closed the connection while <see cref="Watch"/> looked.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Gets how many bytes have arrived.</summary>
    public long Arrived => _arrived.Length;

    /// <summary>Gives bytes that have arrived.</summary>
    public ReadOnlySpan<byte> Peek(int count) =>
        _arrived.Slice(0, count) is { IsSingleSegment: false } parts ? parts.ToArray() : _arrived.FirstSpan[..count];

    /// <summary>Waits until so many bytes have arrived; false at the connection's end.</summary>
    public async ValueTask<bool> FillAsync(long count, CancellationToken cancellationToken)
    {
        await _watching.WaitAsync(cancellationToken).ConfigureAwait(false);
        while (_arrived.Length < count)
        {
            if (await IsEndAsync(cancellationToken).ConfigureAwait(false) && _arrived.Length < count)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads past bytes; false at the connection's end.</summary>
    public async ValueTask<bool> SkipAsync(long count)
    {
        while (count > 0)
        {
            if (!await FillAsync(1, CancellationToken.None).ConfigureAwait(false))
            {
                return false;
            }

            long skipped = Math.Min(count, _arrived.Length);
            Consume(skipped);
            count -= skipped;
        }

        return true;
    }

    public void Consume(long count) => _arrived = _arrived.Slice(count);

    /// <summary>Watches for the connection's end while a call runs.</summary>
    public void Watch()
    {
        if (_arrived.IsEmpty)
        {
            _watching = WatchAsync();
        }
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> answer, CancellationToken cancellationToken) =>
        stream.WriteAsync(answer, cancellationToken);

    public void Dispose() => stream.Dispose();

    private async Task WatchAsync()
    {
        bool isEnd = true;
        try
        {
            isEnd = await IsEndAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The same as its end.
        }

        if (isEnd && _arrived.IsEmpty)
        {
            await _closed.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Reads once. Tells whether the connection has ended.</summary>
    private async ValueTask<bool> IsEndAsync(CancellationToken cancellationToken)
    {
        if (_hasRead)
        {
            _reader.AdvanceTo(_arrived.Start, _arrived.End);
            (_hasRead, _arrived) = (false, default);
        }

        ReadResult result = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        (_hasRead, _arrived) = (true, result.Buffer);
        return result.IsCompleted;
    }
}
