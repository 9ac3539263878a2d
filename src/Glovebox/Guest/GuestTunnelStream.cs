using System.Buffers;
using System.IO.Pipelines;

namespace Glovebox.Guest;

/// <summary>The host's end of a connection inside the environment. For one reader and one writer at a time.</summary>
/// <remarks>Both sides send only what the other has said it takes. So no guest fills the host's memory, and a tunnel that nobody reads
/// holds up no other.</remarks>
internal sealed class GuestTunnelStream : Stream
{
    /// <summary>How many bytes are on their way in one direction at most; the agent has the same number.</summary>
    public const int Window = 256 << 10;

    private const int LargestFrame = 64 << 10;

    private readonly GuestAgentClient _agent;
    private readonly uint _number;
    private readonly Pipe _received = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Lock _lock = new();
    private TaskCompletionSource? _sendable;
    private int _sendCredit = Window;
    private Exception? _failure;

    /// <summary>What the agent may still send; only the thread that reads the channel looks at it, but for grants.</summary>
    private int _receiveCredit = Window;
    private int _consumed;
    private bool _writesEnded;
    private bool _readsEnded;
    private int _disposed;

    public GuestTunnelStream(GuestAgentClient agent, uint number) => (_agent, _number) = (agent, number);

    /// <summary>Completes when the connection is made, and fails when it cannot be.</summary>
    public Task Opened => _opened.Task;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Takes a frame of the agent. Called by the thread that reads the channel; never waits.</summary>
    /// <exception cref="GuestProtocolException">The agent sends more than it may.</exception>
    public void Handle(GuestFrameType type, GuestFrameReader frame)
    {
        switch (type)
        {
            case GuestFrameType.TunnelOpened:
                _opened.TrySetResult();
                break;
            case GuestFrameType.TunnelReceived:
                Receive(frame.Rest);
                break;
            case GuestFrameType.TunnelTaken:
                Grant(frame.UInt32());
                break;
            case GuestFrameType.TunnelClosed when frame.Byte() == (byte)GuestTunnelEnd.Ended:
                EndReads(null);
                break;
            case GuestFrameType.TunnelClosed:
                Fail(new IOException(WorkspacePath.Printable(frame.Text())));
                break;
        }
    }

    /// <summary>The channel has ended.</summary>
    public void Lose() => Fail(new IOException("The environment has ended, and its connections with it."));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (buffer.IsEmpty)
        {
            return 0;
        }

        ReadResult result = await _received.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        ReadOnlySequence<byte> data = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, buffer.Length));
        int read = (int)data.Length;
        data.CopyTo(buffer.Span);
        _received.Reader.AdvanceTo(data.End);
        await ConsumedAsync(read).ConfigureAwait(false);
        return read;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            if (_writesEnded)
            {
                throw new InvalidOperationException("The writing side of the tunnel was ended.");
            }

            int size = await TakeCreditAsync(Math.Min(buffer.Length, LargestFrame), cancellationToken).ConfigureAwait(false);
            if (!await _agent.SendTunnelFrameAsync(GuestFrameType.TunnelSend, _number, new GuestFrameWriter().Bytes(buffer.Span[..size])).ConfigureAwait(false))
            {
                throw new IOException("The environment has ended, and its connections with it.");
            }

            buffer = buffer[size..];
        }
    }

    /// <summary>Ends the writing side: the server inside reads an end, and may still answer.</summary>
    public async Task EndWritesAsync()
    {
        if (!_writesEnded)
        {
            _writesEnded = true;
            await _agent.SendTunnelFrameAsync(GuestFrameType.TunnelClose, _number, new GuestFrameWriter().Byte((byte)GuestTunnelEnd.Ended)).ConfigureAwait(false);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Waits for the guest; prefer <see cref="ReadAsync(Memory{byte}, CancellationToken)"/>.</summary>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <summary>Waits for the guest; prefer <see cref="WriteAsync(ReadOnlyMemory{byte}, CancellationToken)"/>.</summary>
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _ = CloseAsync();
        }

        base.Dispose(disposing);
    }

    private async Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _agent.Forget(_number);
        Fail(new ObjectDisposedException(nameof(GuestTunnelStream)));
        await _agent.SendTunnelFrameAsync(GuestFrameType.TunnelClose, _number, new GuestFrameWriter().Byte((byte)GuestTunnelEnd.Failed)).ConfigureAwait(false);
    }

    private void Receive(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            _receiveCredit -= data.Length;
            if (_receiveCredit < 0)
            {
                throw new GuestProtocolException("a tunnel carries more than was asked for");
            }

            if (!_readsEnded)
            {
                _received.Writer.Write(data);

                // The pipe never asks its writer to wait: credit bounds it.
                _ = _received.Writer.FlushAsync().AsTask();
            }
        }
    }

    /// <summary>Lets the agent send more, in large steps.</summary>
    private async ValueTask ConsumedAsync(int count)
    {
        _consumed += count;
        if (_consumed < Window / 2)
        {
            return;
        }

        int grant = _consumed;
        _consumed = 0;
        lock (_lock)
        {
            _receiveCredit += grant;
        }

        await _agent.SendTunnelFrameAsync(GuestFrameType.TunnelCredit, _number, new GuestFrameWriter().UInt32((uint)grant)).ConfigureAwait(false);
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

    private void Grant(uint count)
    {
        lock (_lock)
        {
            if (count > Window - _sendCredit)
            {
                throw new GuestProtocolException("a tunnel has taken more than was sent");
            }

            _sendCredit += (int)count;
            _sendable?.TrySetResult();
            _sendable = null;
        }
    }

    private void EndReads(Exception? failure)
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

    private void Fail(Exception failure)
    {
        _opened.TrySetException(failure);
        _ = _opened.Task.Exception;
        EndReads(failure);
        lock (_lock)
        {
            _failure ??= failure;
            _sendable?.TrySetResult();
            _sendable = null;
        }
    }
}
