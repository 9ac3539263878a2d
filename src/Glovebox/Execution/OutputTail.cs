namespace Glovebox.Execution;

/// <summary>The last bytes of two interleaved streams, up to a bound; older ones are dropped, and counted for each stream.</summary>
internal sealed class OutputTail(int capacity)
{
    private const int ContinuationMask = 0b1100_0000;
    private const int Continuation = 0b1000_0000;
    private const int FirstAllocation = 4096;

    /// <summary>The runs of bytes of one stream that the ring holds, oldest first.</summary>
    private readonly LinkedList<Run> _runs = new();

    private readonly long[] _dropped = new long[2];
    private byte[] _ring = [];
    private int _start;
    private int _length;

    /// <summary>Whether a stream has lost bytes.</summary>
    public bool HasDropped => _dropped.Any(d => d > 0);

    /// <summary>How many bytes of a stream were dropped; after <see cref="Read"/>, with those that it took off.</summary>
    public long DroppedBytes(OutputStream stream) => _dropped[(int)stream];

    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            return;
        }

        if (data.Length >= capacity)
        {
            Drop(_length);
            _dropped[(int)stream] += data.Length - capacity;
            data = data[^capacity..];
            _start = 0;
        }

        Grow(_length + data.Length);
        Drop(_length + data.Length - capacity);
        int end = (_start + _length) % _ring.Length;
        int first = Math.Min(data.Length, _ring.Length - end);
        data[..first].CopyTo(_ring.AsSpan(end));
        data[first..].CopyTo(_ring);
        _length += data.Length;

        if (_runs.Last is { } last && last.Value.Stream == stream)
        {
            last.ValueRef.Length += data.Length;
        }
        else
        {
            _runs.AddLast(new Run { Stream = stream, Length = data.Length });
        }
    }

    /// <summary>Gives what is held, oldest first. Where bytes of a stream were dropped, the rest of a character that lost its beginning
    /// goes too.</summary>
    public IEnumerable<(OutputStream Stream, byte[] Bytes)> Read()
    {
        int at = _start;
        bool[] isCut = [.. _dropped.Select(d => d > 0)];
        foreach (Run run in _runs)
        {
            byte[] bytes = new byte[run.Length];
            int first = Math.Min(run.Length, _ring.Length - at);
            _ring.AsSpan(at, first).CopyTo(bytes);
            _ring.AsSpan(0, run.Length - first).CopyTo(bytes.AsSpan(first));
            at = (at + run.Length) % _ring.Length;

            if (isCut[(int)run.Stream])
            {
                // A character has at most three continuation bytes; more of them are not UTF-8 anyway.
                int skip = 0;
                while (skip < Math.Min(3, bytes.Length) && (bytes[skip] & ContinuationMask) == Continuation)
                {
                    skip++;
                }

                _dropped[(int)run.Stream] += skip;
                bytes = bytes[skip..];
                isCut[(int)run.Stream] = false;
            }

            yield return (run.Stream, bytes);
        }
    }

    private void Grow(int needed)
    {
        if (needed <= _ring.Length || _ring.Length == capacity)
        {
            return;
        }

        byte[] larger = new byte[Math.Min(capacity, Math.Max(FirstAllocation, Math.Max(needed, _ring.Length * 2)))];
        int first = Math.Min(_length, _ring.Length - _start);
        _ring.AsSpan(_start, first).CopyTo(larger);
        _ring.AsSpan(0, _length - first).CopyTo(larger.AsSpan(first));
        _ring = larger;
        _start = 0;
    }

    private void Drop(int count)
    {
        if (count <= 0)
        {
            return;
        }

        _start = (_start + count) % _ring.Length;
        _length -= count;
        while (count > 0)
        {
            LinkedListNode<Run> oldest = _runs.First!;
            int take = Math.Min(count, oldest.Value.Length);
            oldest.ValueRef.Length -= take;
            _dropped[(int)oldest.Value.Stream] += take;
            count -= take;
            if (oldest.Value.Length == 0)
            {
                _runs.RemoveFirst();
            }
        }
    }

    private struct Run
    {
        public OutputStream Stream;
        public int Length;
    }
}
