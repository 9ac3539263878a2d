using System.Net;
using System.Threading.Channels;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Sandboxes.Agent;

/// <summary>A socket inside at which the agent listens.</summary>
/// <remarks>The agent has at most <see cref="AgentStreams.MaxOpen"/> connections open and lets the oldest go for a new one. The listener
/// does so, too, with those that were not accepted yet.</remarks>
internal sealed class AgentListener(AgentStreams streams, uint number, EndPoint endPoint) : ISandboxListener
{
    private readonly Channel<AgentStream> _waiting = Channel.CreateBounded<AgentStream>(
        new BoundedChannelOptions(AgentStreams.MaxOpen) { FullMode = BoundedChannelFullMode.DropOldest },
        static oldest => oldest.Dispose());

    public uint Number => number;

    public EndPoint EndPoint { get; set; } = endPoint;

    public async Task<Stream> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            AgentStream stream;
            do
            {
                stream = await _waiting.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            while (stream.Opened.IsFaulted);
            return stream;
        }
        catch (ChannelClosedException e) when (e.InnerException is { } reason)
        {
            throw reason;
        }
    }

    /// <summary>Takes a connection. Called by the channel's reader.</summary>
    public void Add(AgentStream stream)
    {
        if (!_waiting.Writer.TryWrite(stream))
        {
            stream.Dispose();
        }
    }

    /// <summary>Ends the waiting for connections, and those that were not accepted.</summary>
    public void End(Exception reason)
    {
        _waiting.Writer.TryComplete(reason);
        while (_waiting.Reader.TryRead(out AgentStream? stream))
        {
            stream.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await streams.UnlistenAsync(this).ConfigureAwait(false);
        End(new ObjectDisposedException(nameof(ISandboxListener)));
    }
}
