using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Glovebox.Sandboxes.Agent;

namespace Glovebox.Egress;

/// <summary>The body of a request of guest code, which ends where the head or its chunks say.</summary>
/// <remarks>Source: RFC 9112, section 7.1. Extensions of chunks, which servers read differently, are refused.</remarks>
/// <param name="reader">The connection.</param>
/// <param name="length">The length; null when it comes in chunks.</param>
/// <param name="begin">Called before the first byte is read.</param>
internal sealed class RequestBody(PipeReader reader, long? length, Func<ValueTask> begin) : SequentialStream
{
    private const int LongestLine = 1024;
    private const int MostTrailers = 100;

    /// <summary>What is left of the body, or of its chunk.</summary>
    private long _left = length ?? 0;
    private bool _isOver = length == 0;
    private bool _hasBegun;
    private bool _isBroken;

    /// <summary>Gets whether all of it was read, so that the next request follows.</summary>
    public bool IsOver => _isOver;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isOver || buffer.IsEmpty)
        {
            return 0;
        }

        if (_isBroken)
        {
            throw Bad();
        }

        if (!_hasBegun)
        {
            _hasBegun = true;
            await begin().ConfigureAwait(false);
        }

        if (_left == 0)
        {
            _left = await ReadChunkSizeAsync(cancellationToken).ConfigureAwait(false);
            if (_left == 0)
            {
                await SkipTrailersAsync(cancellationToken).ConfigureAwait(false);
                _isOver = true;
                return 0;
            }
        }

        ReadResult read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        ReadOnlySequence<byte> data = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, Math.Min(buffer.Length, _left)));
        if (data.IsEmpty)
        {
            throw new IOException("The request ends in its body.");
        }

        int count = (int)data.Length;
        data.CopyTo(buffer.Span);
        reader.AdvanceTo(data.End);
        _left -= count;
        if (_left == 0 && length is null)
        {
            if ((await ReadLineAsync(cancellationToken).ConfigureAwait(false)).Length > 0)
            {
                throw Bad();
            }
        }
        else if (_left == 0)
        {
            _isOver = true;
        }

        return count;
    }

    protected override Task CloseAsync() => Task.CompletedTask;

    private async Task<long> ReadChunkSizeAsync(CancellationToken cancellationToken)
    {
        string line = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
        return line.Length is > 0 and <= 8 && line.All(char.IsAsciiHexDigit)
            ? long.Parse(line, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : throw Bad();
    }

    private async Task SkipTrailersAsync(CancellationToken cancellationToken)
    {
        for (int i = 0; (await ReadLineAsync(cancellationToken).ConfigureAwait(false)).Length > 0; i++)
        {
            if (i == MostTrailers)
            {
                throw Bad();
            }
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                byte[] line = read.Buffer.Slice(0, end).ToArray();
                reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line.Length <= LongestLine && line.AsSpan().EndsWith("\r"u8) && !line.AsSpan()[..^1].Contains((byte)'\r')
                    ? Encoding.Latin1.GetString(line, 0, line.Length - 1)
                    : throw Bad();
            }

            bool isTooLong = read.Buffer.Length > LongestLine;
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (isTooLong || read.IsCompleted)
            {
                throw Bad();
            }
        }
    }

    /// <summary>Where such a body ends nobody can say, so that nothing after it is read.</summary>
    private EgressRefusal Bad()
    {
        _isBroken = true;
        return new EgressRefusal("bad-request", "The chunks of the body are not written as they have to be.", 400);
    }
}
