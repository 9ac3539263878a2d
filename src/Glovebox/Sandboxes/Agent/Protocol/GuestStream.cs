using System.Buffers;
using System.IO.Pipelines;

namespace Glovebox.Sandboxes.Agent;

/// <summary>The host's end of a connection that the channel carries. For one reader and one writer at a time.</summary>
/// <remarks>Both sides send only what the other has said it takes. So no guest fills the host's memory, and a connection that nobody reads
/// holds up no other.</remarks>
/// <param name="window">How many bytes are on their way in one direction at most; the agent has the same number.</param>
/// <param name="readers">Where who waits for bytes goes on.</param>
internal abstract class GuestStream(int window, PipeScheduler readers) : Stream
{
    private const int LargestFrame = 64 << 10;

    private readonly int _window = window;
    private readonly Pipe _received = new(new PipeOptions(readerScheduler: readers, pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly Lock _lock = new();

    private TaskCompletionSource? _sendable;
    private int _sendCredit = window;
    private Exception? _failure;

    private int _receiveCredit = window;
    private int _consumed;
    private bool _readsEnded;

    public sealed override bool CanRead => true;

    public sealed override bool CanSeek => false;

    public sealed override bool CanWrite => true;

    public sealed override long Length => throw new NotSupportedException();

    public sealed override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        ReadResult result = await _received.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        ReadOnlySequence<byte> data = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, buffer.Length));
        int read = (int)data.Length;
        data.CopyTo(buffer.Span);
        _received.Reader.AdvanceTo(data.End);
        if (TakeGrant(read) is > 0 and int granted)
        {
            await SendGrantAsync(new GuestFrameWriter().UInt32((uint)granted)).ConfigureAwait(false);
        }

        return read;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            int size = await TakeCreditAsync(Math.Min(buffer.Length, LargestFrame), cancellationToken).ConfigureAwait(false);
            await SendAsync(new GuestFrameWriter().Bytes(buffer.Span[..size])).ConfigureAwait(false);
            buffer = buffer[size..];
        }
    }

    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public sealed override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Waits for the guest; prefer <see cref="ReadAsync(Memory{byte}, CancellationToken)"/>.</summary>
    public sealed override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <summary>Waits for the guest; prefer <see cref="WriteAsync(ReadOnlyMemory{byte}, CancellationToken)"/>.</summary>
    public sealed override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public sealed override void Flush()
    {
    }

    public sealed override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public sealed override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Takes bytes of the guest's. Called by the thread that reads the channel; never waits.</summary>
    /// <exception cref="GuestProtocolException">More than the guest may send.</exception>
    protected void Receive(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            _receiveCredit -= data.Length;
            if (_receiveCredit < 0)
            {
                throw new GuestProtocolException("a connection carries more than was asked for");
            }

            if (!_readsEnded)
            {
                _received.Writer.Write(data);

                // The pipe never asks its writer to wait: credit bounds it.
                _ = _received.Writer.FlushAsync().AsTask();
            }
        }
    }

    /// <summary>The guest takes more.</summary>
    /// <exception cref="GuestProtocolException">More than was sent.</exception>
    protected void Grant(uint count)
    {
        lock (_lock)
        {
            if (count > _window - _sendCredit)
            {
                throw new GuestProtocolException("a connection has taken more than was sent");
            }

            _sendCredit += (int)count;
            ContinueWriter();
        }
    }

    /// <summary>There is nothing more to read.</summary>
    protected void EndReads(Exception? failure)
    {
        lock (_lock)
        {
            if (!_readsEnded)
            {
                _readsEnded = true;
                _received.Writer.Complete(failure);
            }
        }
    }

    /// <summary>Nothing can be written any more.</summary>
    protected void EndWrites(Exception failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
            ContinueWriter();
        }
    }

    /// <summary>Sends a frame with bytes.</summary>
    protected abstract Task SendAsync(GuestFrameWriter data);

    /// <summary>Lets the guest send more: the frame has how many bytes.</summary>
    protected abstract Task SendGrantAsync(GuestFrameWriter count);

    private void ContinueWriter()
    {
        _sendable?.TrySetResult();
        _sendable = null;
    }

    /// <summary>Counts what was read, and gives how much of it the guest is to hear of now: not each byte, but half a window.</summary>
    private int TakeGrant(int read)
    {
        lock (_lock)
        {
            _consumed += read;
            if (_consumed < _window / 2 || _readsEnded)
            {
                return 0;
            }

            int granted = _consumed;
            _consumed = 0;
            _receiveCredit += granted;
            return granted;
        }
    }

    private async ValueTask<int> TakeCreditAsync(int wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task sendable;
            lock (_lock)
            {
                if (_failure is { } failure)
                {
                    throw new IOException(failure.Message, failure);
                }

                int taken = Math.Min(wanted, _sendCredit);
                if (taken > 0)
                {
                    _sendCredit -= taken;
                    return taken;
                }

                _sendable ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                sendable = _sendable.Task;
            }

            await sendable.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
