using Glovebox.Sandboxes.Agent;

namespace Glovebox.Egress;

/// <summary>A connection to a server, with secrets masked in what it sends. A value that comes in two pieces is not noticed: to wait for
/// the second one would hold up a program that waits for the first. Closing it closes nothing.</summary>
internal sealed class MaskedStream(Stream server, SecretMask mask) : SequentialStream
{
    public override bool CanWrite => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await server.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        mask.Apply(buffer.Span[..count]);
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        server.WriteAsync(buffer, cancellationToken);

    protected override Task CloseAsync() => Task.CompletedTask;
}
