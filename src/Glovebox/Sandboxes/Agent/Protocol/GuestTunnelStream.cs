using System.IO.Pipelines;

namespace Glovebox.Sandboxes.Agent;

/// <summary>The host's end of a connection to a server inside the environment.</summary>
internal sealed class GuestTunnelStream(AgentClient agent, uint number) : GuestStream(Window, PipeScheduler.ThreadPool)
{
    public const int Window = 256 << 10;

    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _writesEnded;
    private int _disposed;

    /// <summary>Completes when the connection is made, and fails when it cannot be.</summary>
    public Task Opened => _opened.Task;

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
    public void Lose() => Fail(Lost());

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return base.ReadAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _writesEnded ? throw new InvalidOperationException("The writing side of the tunnel was ended.") : base.WriteAsync(buffer, cancellationToken);
    }

    /// <summary>Ends the writing side: the server inside reads an end, and may still answer.</summary>
    public async Task EndWritesAsync()
    {
        if (!_writesEnded)
        {
            _writesEnded = true;
            await agent.SendTunnelFrameAsync(GuestFrameType.TunnelClose, number, new GuestFrameWriter().Byte((byte)GuestTunnelEnd.Ended)).ConfigureAwait(false);
        }
    }

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

    protected override async Task SendAsync(GuestFrameWriter data)
    {
        if (!await agent.SendTunnelFrameAsync(GuestFrameType.TunnelSend, number, data).ConfigureAwait(false))
        {
            throw Lost();
        }
    }

    protected override Task SendGrantAsync(GuestFrameWriter count) => agent.SendTunnelFrameAsync(GuestFrameType.TunnelCredit, number, count);

    private static IOException Lost() => new("The environment has ended, and its connections with it.");

    private async Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        agent.Forget(number);
        Fail(new ObjectDisposedException(nameof(GuestTunnelStream)));
        await agent.SendTunnelFrameAsync(GuestFrameType.TunnelClose, number, new GuestFrameWriter().Byte((byte)GuestTunnelEnd.Failed)).ConfigureAwait(false);
    }

    private void Fail(Exception failure)
    {
        _opened.TrySetException(failure);
        _ = _opened.Task.Exception;
        EndReads(failure);
        EndWrites(failure);
    }
}
