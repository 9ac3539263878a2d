using System.Buffers;
using System.IO.Pipelines;

namespace Glovebox.Sandboxes.Agent.Protocol;

/// <summary>The host's end of a connection that the channel carries. For one reader and one writer at a time.</summary>
/// <remarks>Both sides send only what the other has said it takes. So no guest fills the host's memory, and a connection that is not read
/// holds up no other.</remarks>
/// <param name="frames">Sends its frames.</param>
/// <param name="number">Its number.</param>
/// <param name="readers">Where reads that waited for bytes go on.</param>
/// <param name="window">How many bytes are on their way from the guest at most; the agent has the same number.</param>
/// <param name="sendWindow">How many are on their way to the guest at most. What waits there is the guest's own memory, so it is
/// more.</param>
/// <param name="isWriteOnly">Whether the other side sends no bytes.</param>
internal sealed class AgentStream(
    IStreamFrames frames,
    uint number,
    PipeScheduler readers,
    int window = AgentStream.Window,
    int sendWindow = AgentStream.SendWindow,
    bool isWriteOnly = false)
    : SequentialStream
{
    public const int Window = 128 << 10;
    public const int SendWindow = 512 << 10;

    private const int LargestFrame = 64 << 10;

    private readonly Pipe _received = new(
        new PipeOptions(readerScheduler: readers, pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly int _window = window;
    private readonly int _sendWindow = sendWindow;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();

    private TaskCompletionSource? _sendable;
    private int _sendCredit = sendWindow;
    private Exception? _failure;

    private int _receiveCredit = window;
    private int _consumed;
    private bool _readsEnded = isWriteOnly;
    private bool _writesEnded;

    public uint Number => number;

    /// <summary>Completes when the connection is made, and fails when it cannot be.</summary>
    public Task Opened => _opened.Task;

    public override bool CanWrite => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
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
            await frames.SendAsync(GuestFrameType.StreamCredit, number, new GuestFrameWriter().UInt32((uint)granted)).ConfigureAwait(false);
        }

        return read;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        if (_writesEnded)
        {
            throw new InvalidOperationException("The writing side of the connection was ended.");
        }

        while (!buffer.IsEmpty)
        {
            int size = await TakeCreditAsync(Math.Min(buffer.Length, LargestFrame), cancellationToken).ConfigureAwait(false);
            GuestFrameWriter frame = new GuestFrameWriter().Bytes(buffer.Span[..size]);
            if (!await frames.SendAsync(GuestFrameType.StreamData, number, frame).ConfigureAwait(false))
            {
                throw Lost();
            }

            buffer = buffer[size..];
        }
    }

    /// <summary>Ends the writing side: the other end reads an end, and may still answer.</summary>
    public async Task EndWritesAsync()
    {
        if (!_writesEnded)
        {
            _writesEnded = true;
            await frames.SendAsync(GuestFrameType.StreamEnd, number, new GuestFrameWriter()).ConfigureAwait(false);
            ForgetWhenOver();
        }
    }

    /// <summary>Takes a frame of the agent. Called by the thread that reads the channel; never waits.</summary>
    /// <exception cref="GuestProtocolException">The agent sends more than it may.</exception>
    public void Handle(GuestFrameType type, GuestFrameReader frame)
    {
        switch (type)
        {
            case GuestFrameType.StreamOpen:
                _opened.TrySetResult();
                break;
            case GuestFrameType.StreamData:
                Receive(frame.Rest);
                break;
            case GuestFrameType.StreamCredit:
                Grant(frame.UInt32());
                break;
            case GuestFrameType.StreamEnd:
                EndReads(null);
                ForgetWhenOver();
                break;
            case GuestFrameType.StreamReset:
                IOException reason = new(WorkspacePath.Printable(frame.Text()));
                frames.Forget(this);
                Fail(reason);
                break;
        }
    }

    /// <summary>The channel has ended.</summary>
    public void Lose() => Fail(Lost());

    /// <summary>The other side is gone, and says no more of it.</summary>
    public void Leave()
    {
        frames.Forget(this);
        Fail(new IOException("The process has ended."));
    }

    protected override async Task CloseAsync()
    {
        bool isOver;
        lock (_lock)
        {
            isOver = _failure is not null || (_readsEnded && _writesEnded);
        }

        frames.Forget(this);
        Fail(new ObjectDisposedException(nameof(AgentStream)));
        if (!isOver)
        {
            await frames.SendAsync(GuestFrameType.StreamReset, number, new GuestFrameWriter()).ConfigureAwait(false);
        }
    }

    private static IOException Lost() => new("The sandbox has ended, and its connections with it.");

    /// <summary>A stream that both sides have ended is over, and the agent says no more of it.</summary>
    private void ForgetWhenOver()
    {
        if (_readsEnded && _writesEnded)
        {
            frames.Forget(this);
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
            ContinueWriter();
        }
    }

    /// <summary>Takes bytes of the guest's. Called by the thread that reads the channel; never waits.</summary>
    /// <exception cref="GuestProtocolException">More than the guest may send.</exception>
    private void Receive(ReadOnlySpan<byte> data)
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
    private void Grant(uint count)
    {
        lock (_lock)
        {
            if (count > _sendWindow - _sendCredit)
            {
                throw new GuestProtocolException("a connection has taken more than was sent");
            }

            _sendCredit += (int)count;
            ContinueWriter();
        }
    }

    /// <summary>There is nothing more to read.</summary>
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

/// <summary>Sends the frames of streams.</summary>
internal interface IStreamFrames
{
    /// <summary>Sends a frame of a stream; false when the channel has ended.</summary>
    Task<bool> SendAsync(GuestFrameType type, uint number, GuestFrameWriter frame);

    /// <summary>Forgets a stream of which nothing more is said.</summary>
    void Forget(AgentStream stream);
}
