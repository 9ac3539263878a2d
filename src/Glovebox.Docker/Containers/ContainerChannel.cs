using System.Runtime.InteropServices;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker.Containers;

/// <summary>An attached stream of the engine as one duplex stream: what is written goes to standard input, what is read came from standard
/// output. The last words on standard error are kept apart.</summary>
internal class ContainerChannel(MultiplexedStream stream) : Stream
{
    private readonly BoundedText _errors = new();

    /// <summary>The last words on standard error.</summary>
    public string Errors => _errors.ToString();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads from either output.</summary>
    /// <returns>Which one it was, and the number of bytes; 0 at the end.</returns>
    public async ValueTask<(OutputStream Stream, int Count)> ReadOutputAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
    {
        MultiplexedStream.ReadResult read = await stream.ReadOutputAsync(
            buffer.Array!, buffer.Offset, buffer.Count, cancellationToken).ConfigureAwait(false);
        bool isError = !read.EOF && read.Target != MultiplexedStream.TargetStream.StandardOut;
        return (isError ? OutputStream.StandardError : OutputStream.StandardOutput, read.Count);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ArraySegment<byte> array = MemoryMarshal.TryGetArray(buffer, out ArraySegment<byte> found) ? found : new(new byte[buffer.Length]);
        (OutputStream output, int count) = await ReadOutputAsync(array, cancellationToken).ConfigureAwait(false);
        while (output == OutputStream.StandardError)
        {
            _errors.Write(output, array.AsSpan(0, count));
            (output, count) = await ReadOutputAsync(array, cancellationToken).ConfigureAwait(false);
        }

        if (found.Array is null)
        {
            array.AsSpan(0, count).CopyTo(buffer.Span);
        }

        return count;
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
}

/// <summary>A program that the engine's exec has started in a container: its input and output.</summary>
internal sealed class RunningExec(IDockerClient client, string id, MultiplexedStream stream) : ContainerChannel(stream)
{
    /// <summary>Gets its exit code; null while it runs, and when the engine does not know it any more.</summary>
    public async Task<int?> ExitCodeAsync(CancellationToken cancellationToken)
    {
        ContainerExecInspectResponse found = await client.Exec.InspectContainerExecAsync(id, cancellationToken).ConfigureAwait(false);
        return found.Running ? null : (int?)found.ExitCode;
    }

    /// <summary>Reads the first bytes that it prints on standard output, until it ends.</summary>
    public async Task<string> ReadTextAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 10];
        int size = await this.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, size);
    }
}
