using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Sandboxes.Agent;

/// <summary>A file of the guest that is read as it is asked for.</summary>
internal sealed class GuestFileStream(AgentClient agent, uint handle) : Stream
{
    private const int ChunkSize = 256 << 10;

    private long _position;
    private bool _disposed;

    public override bool CanRead => !_disposed;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (buffer.IsEmpty)
        {
            return 0;
        }

        int wanted = Math.Min(buffer.Length, ChunkSize);
        GuestFrameWriter frame = new GuestFrameWriter().UInt32(handle).Number((ulong)_position).UInt32((uint)wanted);
        GuestReply reply = await agent.RequestAsync(GuestFrameType.Read, frame, cancellationToken).ConfigureAwait(false);
        byte[] data = reply.Parts[^1];
        if (reply.Status != GuestReplyStatus.Done || data.Length > wanted)
        {
            throw new IOException("The file cannot be read any further.");
        }

        data.CopyTo(buffer);
        _position += data.Length;
        return data.Length;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Waits for the guest; prefer <see cref="ReadAsync(Memory{byte}, CancellationToken)"/>.</summary>
    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await GuestWorkspace.CloseAsync(agent, handle).ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _ = GuestWorkspace.CloseAsync(agent, handle);
        }

        base.Dispose(disposing);
    }
}
