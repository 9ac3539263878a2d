using System.Collections.Concurrent;
using Glovebox.Functions.Calls;

namespace Glovebox.Guest;

/// <summary>The connections over which guest code calls functions of the host, as they come through the agent.</summary>
internal sealed class GuestCalls(GuestAgentClient agent)
{
    private readonly ConcurrentDictionary<uint, GuestCallStream> _streams = new();
    private bool _ended;

    /// <summary>Serves a connection and disposes it. Null: nothing is offered, and the agent takes no connections.</summary>
    public Func<Stream, Task>? Serve { get; set; }

    /// <summary>Takes a frame. Called by the channel's reader alone, which nothing here keeps waiting.</summary>
    /// <exception cref="GuestProtocolException">The agent never sends this.</exception>
    public void Handle(GuestFrameType type, uint number, GuestFrameReader reader)
    {
        if (type == GuestFrameType.CallOpened)
        {
            Open(number);
            return;
        }

        if (!_streams.TryGetValue(number, out GuestCallStream? stream))
        {
            throw new GuestProtocolException("a frame is about a connection that is not there");
        }

        if (type == GuestFrameType.CallClosed)
        {
            _streams.TryRemove(number, out _);
        }

        stream.Handle(type, reader);
    }

    /// <summary>The channel has ended.</summary>
    public void End()
    {
        _ended = true;
        foreach (GuestCallStream stream in _streams.Values)
        {
            stream.End();
        }
    }

    private void Open(uint number)
    {
        if (Serve is not { } serve || _streams.Count >= HostFunctionServer.MaxConnections || _ended)
        {
            throw new GuestProtocolException("a connection is one too many");
        }

        GuestCallStream stream = new(agent, number);
        if (!_streams.TryAdd(number, stream))
        {
            throw new GuestProtocolException("a connection is opened twice");
        }

        _ = serve(stream);
    }
}
