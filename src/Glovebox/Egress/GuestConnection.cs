using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Egress;

/// <summary>A connection of guest code: what it carries is counted, and it ends when it carries nothing for long.</summary>
internal sealed class GuestConnection : SequentialStream
{
    /// <summary>How long the guest may take to say what it wants.</summary>
    private static readonly TimeSpan LongestHead = TimeSpan.FromSeconds(30);

    private readonly Stream _guest;
    private readonly EgressGate _gate;
    private readonly TimeSpan _idle;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _quiet;
    private readonly CancellationTokenSource _over;

    public GuestConnection(Stream guest, EgressGate gate, TimeSpan idle, TimeProvider time, CancellationToken ending)
    {
        (_guest, _gate, _idle, _time) = (guest, gate, idle, time);
        _quiet = new CancellationTokenSource(idle, time);
        _over = CancellationTokenSource.CreateLinkedTokenSource(_quiet.Token, ending);
        Over = _over.Token;
    }

    /// <summary>Cancelled when the connection is to end.</summary>
    public CancellationToken Over { get; }

    /// <summary>Whether it ends for having carried nothing.</summary>
    public bool IsIdle => _quiet.IsCancellationRequested;

    /// <summary>Whether the sandbox has used up the bytes that it may. What is said then, to refuse it, is not counted.</summary>
    public bool IsSpent { get; private set; }

    public long Sent { get; private set; }

    public long Received { get; private set; }

    public override bool CanWrite => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await _guest.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Sent += count;
        Touch();
        Count(count);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Count(buffer.Length);
        Received += buffer.Length;
        await _guest.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        Touch();
    }

    /// <summary>Gives what is cancelled when the connection is to end, or the guest takes too long to say what it wants. The caller
    /// disposes it.</summary>
    public GuestDeadline Late() => new(LongestHead, _time, Over);

    /// <summary>Tells the guest that no more comes. It may go on sending.</summary>
    public Task EndWritesAsync() => _guest is AgentStream stream ? stream.EndWritesAsync() : Task.CompletedTask;

    protected override async Task CloseAsync()
    {
        _over.Dispose();
        _quiet.Dispose();
        await _guest.DisposeAsync().ConfigureAwait(false);
    }

    private void Touch() => _quiet.CancelAfter(_idle);

    /// <exception cref="EgressRefusal">They are too many; said once.</exception>
    private void Count(int bytes)
    {
        if (IsSpent)
        {
            return;
        }

        try
        {
            _gate.Count(bytes);
        }
        catch (EgressRefusal)
        {
            IsSpent = true;
            throw;
        }
    }
}
