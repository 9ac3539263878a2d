using System.Runtime.InteropServices;
using System.Text;
using global::Docker.DotNet;

namespace Glovebox.Docker.Containers;

/// <summary>An attached stream of the engine as one duplex stream: what is written goes to standard input, what is read came from standard
/// output. The last words on standard error are kept apart.</summary>
internal sealed class ContainerChannel(MultiplexedStream stream) : Stream
{
    private const int KeptErrors = 8 << 10;

    private readonly byte[] _errors = new byte[KeptErrors * 2];
    private readonly Lock _lock = new();
    private int _errorSize;

    /// <summary>The last words on standard error.</summary>
    public string Errors
    {
        get
        {
            lock (_lock)
            {
                return Encoding.UTF8.GetString(_errors, 0, _errorSize);
            }
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        bool isArray = MemoryMarshal.TryGetArray(buffer, out ArraySegment<byte> array);
        if (!isArray)
        {
            array = new byte[buffer.Length];
        }

        while (true)
        {
            MultiplexedStream.ReadResult result = await stream.ReadOutputAsync(
                array.Array!, array.Offset, array.Count, cancellationToken).ConfigureAwait(false);
            if (!result.EOF && result.Target != MultiplexedStream.TargetStream.StandardOut)
            {
                KeepErrors(array.AsSpan(0, result.Count));
                continue;
            }

            if (!isArray)
            {
                array.AsMemory(0, result.Count).CopyTo(buffer);
            }

            return result.Count;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ArraySegment<byte> array = MemoryMarshal.TryGetArray(buffer, out ArraySegment<byte> found) ? found : new(buffer.ToArray());
        await stream.WriteAsync(array.Array!, array.Offset, array.Count, cancellationToken).ConfigureAwait(false);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        stream.WriteAsync(buffer, offset, count, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stream.Dispose();
        }

        base.Dispose(disposing);
    }

    private void KeepErrors(ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            data = data[Math.Max(0, data.Length - KeptErrors)..];
            if (_errorSize + data.Length > _errors.Length)
            {
                int kept = KeptErrors - data.Length;
                _errors.AsSpan(_errorSize - kept, kept).CopyTo(_errors);
                _errorSize = kept;
            }

            data.CopyTo(_errors.AsSpan(_errorSize));
            _errorSize += data.Length;
        }
    }
}
