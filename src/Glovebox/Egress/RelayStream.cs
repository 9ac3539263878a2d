using System.IO.Pipelines;
using Glovebox.Sandboxes.Agent;

namespace Glovebox.Egress;

/// <summary>A connection of which some bytes have been looked at already, as one stream. Closing it closes nothing.</summary>
internal sealed class RelayStream(PipeReader reader, Stream writer) : SequentialStream
{
    private readonly Stream _read = reader.AsStream(leaveOpen: true);

    public override bool CanWrite => true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _read.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        writer.WriteAsync(buffer, cancellationToken);

    protected override Task CloseAsync() => Task.CompletedTask;
}
