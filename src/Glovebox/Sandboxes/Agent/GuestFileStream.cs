using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Sandboxes.Agent;

/// <summary>A file of the guest that is read piece by piece, as its reader asks for it.</summary>
internal sealed class GuestFileStream(AgentClient agent, uint handle) : SequentialStream
{
    private long _position;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        if (buffer.IsEmpty)
        {
            return 0;
        }

        int wanted = Math.Min(buffer.Length, GuestWorkspace.ChunkSize);
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

    protected override Task CloseAsync() => GuestWorkspace.CloseAsync(agent, handle);
}
