using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Sandboxes.Agent;

/// <summary>The connections that the channel carries, in both directions: to servers inside, and of guest code to the host.</summary>
/// <remarks>What comes from the guest is hostile: a stream holds no more than its window, and the guest opens at most
/// <see cref="MaxOpen"/>.</remarks>
internal sealed class AgentStreams(AgentClient agent) : IStreamFrames
{
    /// <summary>How many connections of guest code there are at once, as the agent has it, too.</summary>
    public const int MaxOpen = 256;

    /// <summary>The bit that the numbers of streams have that are opened inside.</summary>
    private const uint Inside = 1u << 31;

    private readonly ConcurrentDictionary<uint, AgentStream> _streams = new();
    private readonly ConcurrentDictionary<uint, AgentListener> _listeners = new();
    private int _incoming;

    /// <summary>Connects to a server inside.</summary>
    /// <exception cref="IOException">Nothing listens there.</exception>
    /// <exception cref="SandboxLostException">The channel has ended.</exception>
    public async Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        GuestFrameWriter frame = Place(endPoint, minimumPort: 1);
        uint number = agent.NextNumber() & ~Inside;
        AgentStream stream = new(this, number, PipeScheduler.ThreadPool);
        _streams[number] = stream;
        try
        {
            if (agent.Ended.IsCompleted || !await SendAsync(GuestFrameType.StreamOpen, number, frame).ConfigureAwait(false))
            {
                throw AgentClient.Lost();
            }

            await stream.Opened.WaitAsync(cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes the stream to the standard input of a run, which has the run's number and opens with it.</summary>
    public AgentStream Feed(uint number)
    {
        AgentStream stream = new(this, number, PipeScheduler.ThreadPool, isWriteOnly: true);
        _streams[number] = stream;
        return stream;
    }

    /// <summary>Has the agent listen at a socket inside.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    /// <exception cref="SandboxLostException">The channel has ended.</exception>
    public async Task<ISandboxListener> ListenAsync(EndPoint endPoint, CancellationToken cancellationToken)
    {
        GuestFrameWriter frame = Place(endPoint, minimumPort: 0);
        uint number = agent.NextNumber();
        AgentListener listener = new(this, number, endPoint);

        // Connections may come with the answer.
        _listeners[number] = listener;
        try
        {
            GuestReply reply = await agent.RequestAsync(GuestFrameType.Listen, frame, cancellationToken, number).ConfigureAwait(false);
            if (reply.Status != GuestReplyStatus.Done)
            {
                throw new IOException($"The guest agent cannot listen at '{endPoint}': {reply.Reason}.");
            }

            if (endPoint is IPEndPoint && reply.Parts[^1] is { Length: 2 } port)
            {
                listener.EndPoint = new IPEndPoint(IPAddress.Loopback, BitConverter.ToUInt16(port));
            }

            return listener;
        }
        catch
        {
            _listeners.TryRemove(number, out _);
            throw;
        }
    }

    /// <summary>Has the agent listen no more.</summary>
    public async Task UnlistenAsync(AgentListener listener)
    {
        try
        {
            // After the answer no more connections come.
            await agent.RequestAsync(
                GuestFrameType.Unlisten, new GuestFrameWriter().UInt32(listener.Number), CancellationToken.None).ConfigureAwait(false);
        }
        catch (SandboxLostException)
        {
            // It ended with the sandbox.
        }

        _listeners.TryRemove(listener.Number, out _);
    }

    /// <summary>Takes a frame of the agent. Called by the channel's reader alone, which nothing here keeps waiting.</summary>
    /// <exception cref="GuestProtocolException">The agent never sends this.</exception>
    public void Handle(GuestFrameType type, uint number, GuestFrameReader reader)
    {
        bool isInside = (number & Inside) != 0;
        if (type == GuestFrameType.StreamOpen && isInside)
        {
            Accept(number, reader.UInt32());
        }
        else if (_streams.TryGetValue(number, out AgentStream? stream))
        {
            // One that the host has closed is not there any more; what was on its way to it comes still.
            stream.Handle(type, reader);
        }
    }

    public Task<bool> SendAsync(GuestFrameType type, uint number, GuestFrameWriter frame) => agent.TrySendAsync(frame.Frame(type, number));

    public void Forget(AgentStream stream)
    {
        if (_streams.TryRemove(stream.Number, out _) && (stream.Number & Inside) != 0)
        {
            Interlocked.Decrement(ref _incoming);
        }
    }

    /// <summary>The channel has ended.</summary>
    public void End()
    {
        foreach (AgentListener listener in _listeners.Values)
        {
            listener.End(AgentClient.Lost());
        }

        foreach (AgentStream stream in _streams.Values)
        {
            stream.Lose();
        }
    }

    private static GuestFrameWriter Place(EndPoint endPoint, int minimumPort) => endPoint switch
    {
        UnixDomainSocketEndPoint socket when socket.ToString() is ['/', ..] path => new GuestFrameWriter().UInt16(0).Text(path),
        IPEndPoint port when IPAddress.Loopback.Equals(port.Address) && port.Port >= minimumPort =>
            new GuestFrameWriter().UInt16((ushort)port.Port).Text(""),
        _ => throw new ArgumentException(
            $"Connections lead to the absolute path of a Unix socket or to a port of 127.0.0.1, not to '{endPoint}'."),
    };

    private void Accept(uint number, uint listening)
    {
        if (!_listeners.TryGetValue(listening, out AgentListener? listener) || Volatile.Read(ref _incoming) >= MaxOpen)
        {
            throw new GuestProtocolException("a connection is one too many");
        }

        AgentStream stream = new(this, number, agent.FrameWork);
        if (!_streams.TryAdd(number, stream))
        {
            throw new GuestProtocolException("a connection is opened twice");
        }

        Interlocked.Increment(ref _incoming);
        listener.Add(stream);
    }
}
