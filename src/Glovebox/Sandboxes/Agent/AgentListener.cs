using System.Net;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Sandboxes.Agent;

/// <summary>A socket that the agent listens at.</summary>
/// <remarks>The agent has at most <see cref="AgentStreams.MaxOpen"/> connections open, so no more than that wait here.</remarks>
internal sealed class AgentListener(AgentStreams streams, uint number, EndPoint endPoint) : ISandboxListener
{
    private readonly Lock _lock = new();
    private readonly LinkedList<AgentStream> _waiting = new();
    private readonly Queue<TaskCompletionSource<AgentStream>> _accepting = new();
    private Exception? _end;

    public uint Number => number;

    public EndPoint EndPoint { get; set; } = endPoint;

    public async Task<Stream> AcceptAsync(CancellationToken cancellationToken = default)
    {
        TaskCompletionSource<AgentStream> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_end is { } end)
            {
                throw end;
            }

            if (_waiting.First is { } first)
            {
                _waiting.RemoveFirst();
                return first.Value;
            }

            _accepting.Enqueue(accepted);
        }

        CancellationTokenRegistration giveUp = cancellationToken.UnsafeRegister(
            static (a, token) => ((TaskCompletionSource<AgentStream>)a!).TrySetCanceled(token), accepted);
        await using (giveUp.ConfigureAwait(false))
        {
            return await accepted.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Takes a connection. Called by the channel's reader.</summary>
    public void Add(AgentStream stream)
    {
        lock (_lock)
        {
            while (_accepting.TryDequeue(out TaskCompletionSource<AgentStream>? accepting))
            {
                if (accepting.TrySetResult(stream))
                {
                    return;
                }
            }

            _waiting.AddLast(stream);
        }
    }

    /// <summary>Forgets a connection that has ended before it was taken.</summary>
    public void Remove(AgentStream stream)
    {
        lock (_lock)
        {
            _waiting.Remove(stream);
        }
    }

    /// <summary>No more connections come.</summary>
    public void End(Exception reason)
    {
        AgentStream[] waiting;
        lock (_lock)
        {
            _end ??= reason;
            waiting = [.. _waiting];
            _waiting.Clear();
            while (_accepting.TryDequeue(out TaskCompletionSource<AgentStream>? accepting))
            {
                accepting.TrySetException(reason);
                _ = accepting.Task.Exception;
            }
        }

        foreach (AgentStream stream in waiting)
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
