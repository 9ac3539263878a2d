namespace Glovebox.Cli.Mcp;

/// <summary>Carries the protocol's messages to standard output, and gives up a write that the client does not read when the server is to
/// end.</summary>
/// <remarks>By hand, because a write to a full pipe cannot be cancelled: a server that was told to end would wait for its client.</remarks>
/// <param name="output">Standard output.</param>
/// <param name="giveUp">Ends the wait for the client. Nothing is written from then on.</param>
internal sealed class ProtocolOutput(Stream output, CancellationToken giveUp) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Writes all of it: half a message would make the next ones unreadable. So a caller cannot cancel it.</summary>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        giveUp.ThrowIfCancellationRequested();

        // The writer may be left behind, and the buffer is the caller's.
        byte[] copy = buffer.ToArray();
        await Task.Run(() => output.Write(copy), CancellationToken.None).WaitAsync(giveUp).ConfigureAwait(false);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer, offset, count).GetAwaiter().GetResult();

    /// <summary>Does nothing: what is written is out at once.</summary>
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
