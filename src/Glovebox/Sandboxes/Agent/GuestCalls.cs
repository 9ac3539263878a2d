using System.Collections.Concurrent;
using Glovebox.Functions.Calls;

namespace Glovebox.Sandboxes.Agent;

/// <summary>The connections over which guest code calls functions of the host, as they come through the agent.</summary>
internal sealed class GuestCalls(AgentClient agent)
{
    private readonly ConcurrentDictionary<uint, GuestCallStream> _streams = new();
    private readonly Lock _lock = new();
    private int _serving;
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
        lock (_lock)
        {
            if (!_streams.TryAdd(number, stream))
            {
                throw new GuestProtocolException("a connection is opened twice");
            }

            if (_serving == HostFunctionServer.MaxConnections)
            {
                return;
            }

            _serving++;
            stream.IsServed = true;
        }

        _ = ServeAsync(stream, serve);
    }

    /// <summary>Serves a connection, then those that have waited meanwhile. One that the guest has closed counts until what serves it has
    /// noticed: a guest that opens and closes them faster than that, or reads no answers, has to wait.</summary>
    private async Task ServeAsync(GuestCallStream first, Func<Stream, Task> serve)
    {
        for (GuestCallStream? stream = first; stream is not null; stream = Next())
        {
            await serve(stream).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes a connection that waits; null when there is none. There are none unless as many as may be are served.</summary>
    private GuestCallStream? Next()
    {
        lock (_lock)
        {
            if (_serving == HostFunctionServer.MaxConnections && _streams.Values.FirstOrDefault(s => !s.IsServed) is { } waiting)
            {
                waiting.IsServed = true;
                return waiting;
            }

            _serving--;
            return null;
        }
    }
}
