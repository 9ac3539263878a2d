namespace Glovebox.Tests.Fuzz.Support;

/// <summary>A stream with the other end in the test's hands. A reader goes on on the thread that feeds it, so that a run can be
/// repeated.</summary>
internal sealed class FuzzStream : Stream
{
    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _fed = new();
    private readonly MemoryStream _written = new();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<int>? _reader;
    private Memory<byte> _target;
    private bool _ended;

    /// <summary>Whether the other end has stopped reading: what is written waits.</summary>
    public bool IsBlocked { get; set; }

    /// <summary>What a write that has failed waits for before it says so.</summary>
    public Task FailuresWait { get; set; } = Task.CompletedTask;

    public bool IsDisposed => _disposed.Task.IsCompleted;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>What was written so far.</summary>
    public byte[] Written()
    {
        lock (_lock)
        {
            return _written.ToArray();
        }
    }

    /// <summary>Lets the reader have bytes, and returns when it waits for more.</summary>
    public void Feed(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            return;
        }

        TaskCompletionSource<int>? reader;
        int taken;
        lock (_lock)
        {
            _fed.Enqueue(data.ToArray());
            (reader, _reader) = (_reader, null);
            taken = reader is null ? 0 : Take(_target.Span);
        }

        reader?.SetResult(taken);
    }

    /// <summary>The other end has closed its side.</summary>
    public void End()
    {
        TaskCompletionSource<int>? reader;
        lock (_lock)
        {
            _ended = true;
            (reader, _reader) = (_reader, null);
        }

        reader?.SetResult(0);
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (IsDisposed)
            {
                return ValueTask.FromException<int>(new ObjectDisposedException(nameof(FuzzStream)));
            }

            if (_fed.Count > 0)
            {
                return ValueTask.FromResult(Take(buffer.Span));
            }

            if (_ended)
            {
                return ValueTask.FromResult(0);
            }

            _target = buffer;
            _reader = new TaskCompletionSource<int>();
            return new ValueTask<int>(_reader.Task);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsBlocked)
        {
            await _disposed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            await FailuresWait.ConfigureAwait(false);
        }

        lock (_lock)
        {
            if (IsDisposed)
            {
                throw new IOException("The stream is closed.");
            }

            _written.Write(buffer.Span);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        TaskCompletionSource<int>? reader;
        lock (_lock)
        {
            _disposed.TrySetResult();
            (reader, _reader) = (_reader, null);
        }

        reader?.TrySetException(new IOException("The stream is closed."));
        base.Dispose(disposing);
    }

    private int Take(Span<byte> target)
    {
        byte[] first = _fed.Dequeue();
        int taken = Math.Min(first.Length, target.Length);
        first.AsSpan(0, taken).CopyTo(target);
        if (taken == first.Length)
        {
            return taken;
        }

        // What is left comes first.
        byte[][] rest = [first[taken..], .. _fed];
        _fed.Clear();
        foreach (byte[] part in rest)
        {
            _fed.Enqueue(part);
        }

        return taken;
    }
}
