namespace Glovebox.Cli.Mcp;

/// <summary>Standard input, whose reads can be cancelled, and whose end is told at once. It ends before a message that is too
/// long.</summary>
/// <remarks>The protocol's server awaits the calls that run before it ends, and those would not end by themselves. It keeps a message,
/// which is a line, in memory, however long that is.</remarks>
internal sealed class StandardInput : Stream
{
    /// <summary>The most bytes that a message has. A file of <see cref="CodeTools.LargestFile"/> fits, in any encoding.</summary>
    public const int LongestMessage = 16 << 20;

    private readonly Stream _input;
    private readonly CancellationTokenSource _ended = new();
    private int _length;

    public StandardInput(Stream input)
    {
        _input = input;
        Ended = _ended.Token;
    }

    /// <summary>Whether it ended because a message is too long.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Cancelled when there is no more to read.</summary>
    public CancellationToken Ended { get; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // The read itself heeds no token; what it would still bring, nobody waits for.
        int count = IsTooLong
            ? 0
            : await _input.ReadAsync(buffer, CancellationToken.None).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        int end = buffer.Span[..count].LastIndexOf((byte)'\n');
        _length = end < 0 ? _length + count : count - end - 1;
        if (_length > LongestMessage)
        {
            IsTooLong = true;
            count = 0;
        }

        if (count == 0)
        {
            await _ended.CancelAsync().ConfigureAwait(false);
        }

        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _ended.Dispose();
        }

        base.Dispose(disposing);
    }
}
