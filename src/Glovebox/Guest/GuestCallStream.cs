using System.Buffers;
using System.IO.Pipelines;

namespace Glovebox.Guest;

/// <summary>A connection of guest code to the socket for calls. Each side tells the other how many more bytes it takes, so that neither
/// keeps more of a connection than the window.</summary>
internal sealed class GuestCallStream(GuestAgentClient agent, uint number) : Stream
{
    /// <summary>The agent's has the same size.</summary>
    public const int Window = 128 << 10;

    private const int MaxChunk = 64 << 10;

    private readonly Pipe _received = new(new PipeOptions(readerScheduler: agent.FrameWork, pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly Lock _lock = new();
    private TaskCompletionSource? _moreCredit;
    private int _credit = Window;
    private int _unread;
    private int _unreported;
    private bool _ended;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Takes bytes from the guest.</summary>
    /// <exception cref="GuestProtocolException">More than the window has room for.</exception>
    public void Receive(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            if (data.Length > Window - _unread)
            {
                throw new GuestProtocolException("a connection has sent more than it may");
            }

            _unread += data.Length;
        }

        // There is no threshold, so this never waits.
        _received.Writer.Write(data);
        _ = _received.Writer.FlushAsync().AsTask();
    }

    /// <summary>The guest has taken bytes.</summary>
    /// <exception cref="GuestProtocolException">More than were sent.</exception>
    public void AddCredit(int count)
    {
        lock (_lock)
        {
            if (count <= 0 || count > Window - _credit)
            {
                throw new GuestProtocolException("a connection has taken more than it was sent");
            }

            _credit += count;
            _moreCredit?.TrySetResult();
            _moreCredit = null;
        }
    }

    /// <summary>The connection has ended, or the channel has.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            _moreCredit?.TrySetResult();
            _moreCredit = null;
        }

        _received.Writer.Complete();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReadResult result = await _received.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        int count = (int)Math.Min(buffer.Length, result.Buffer.Length);
        ReadOnlySequence<byte> taken = result.Buffer.Slice(0, count);
        taken.CopyTo(buffer.Span);
        _received.Reader.AdvanceTo(taken.End);
        if (Report(count) is > 0 and int credit)
        {
            await agent.TellAboutCallAsync(GuestFrameType.CallCredit, number, new GuestFrameWriter().UInt32((uint)credit)).ConfigureAwait(false);
        }

        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            int count = await TakeCreditAsync(Math.Min(buffer.Length, MaxChunk), cancellationToken).ConfigureAwait(false);
            await agent.TellAboutCallAsync(GuestFrameType.CallWrite, number, new GuestFrameWriter().Bytes(buffer.Span[..count])).ConfigureAwait(false);
            buffer = buffer[count..];
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_ended)
        {
            // The agent says when it is closed; until then it counts.
            _ = agent.TellAboutCallAsync(GuestFrameType.CallClose, number, new GuestFrameWriter());
        }

        base.Dispose(disposing);
    }

    /// <summary>Counts what was read, and gives how much of it the agent is to hear of now: not each byte, but half a window.</summary>
    private int Report(int count)
    {
        lock (_lock)
        {
            _unreported += count;
            if (_unreported < Window / 2 || _ended)
            {
                return 0;
            }

            int credit = _unreported;
            _unread -= credit;
            _unreported = 0;
            return credit;
        }
    }

    private async ValueTask<int> TakeCreditAsync(int wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_ended)
                {
                    throw new IOException("The connection has ended.");
                }

                if (_credit > 0)
                {
                    int count = Math.Min(wanted, _credit);
                    _credit -= count;
                    return count;
                }

                _moreCredit ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                more = _moreCredit.Task;
            }

            await more.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
