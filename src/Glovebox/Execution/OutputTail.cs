namespace Glovebox.Execution;

/// <summary>The last bytes of two interleaved streams, up to a bound; older ones are dropped and counted.</summary>
internal sealed class OutputTail(int capacity)
{
    private const int ContinuationMask = 0b1100_0000;
    private const int Continuation = 0b1000_0000;
    private const int FirstAllocation = 4096;

    /// <summary>The runs of bytes of one stream that the ring holds, oldest first.</summary>
    private readonly LinkedList<Run> _runs = new();

    private byte[] _ring = [];
    private int _start;
    private int _length;

    public long DroppedBytes { get; private set; }

    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            return;
        }

        if (data.Length >= capacity)
        {
            DroppedBytes += _length + data.Length - capacity;
            data = data[^capacity..];
            _runs.Clear();
            _start = _length = 0;
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

    /// <summary>Gives what is held, oldest first. Where bytes were dropped, the rest of a character that lost its beginning goes
    /// too.</summary>
    public IEnumerable<(OutputStream Stream, byte[] Bytes)> Read()
    {
        int at = _start;
        bool outputCut = DroppedBytes > 0, errorCut = DroppedBytes > 0;
        foreach (Run run in _runs)
        {
            byte[] bytes = new byte[run.Length];
            int first = Math.Min(run.Length, _ring.Length - at);
            _ring.AsSpan(at, first).CopyTo(bytes);
            _ring.AsSpan(0, run.Length - first).CopyTo(bytes.AsSpan(first));
            at = (at + run.Length) % _ring.Length;

            ref bool cut = ref run.Stream == OutputStream.StandardOutput ? ref outputCut : ref errorCut;
            if (cut)
            {
                // A character has at most three continuation bytes; more of them are not UTF-8 anyway.
                int skip = 0;
                while (skip < Math.Min(3, bytes.Length) && (bytes[skip] & ContinuationMask) == Continuation)
                {
                    skip++;
                }

                DroppedBytes += skip;
                bytes = bytes[skip..];
                cut = false;
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

        DroppedBytes += count;
        _start = (_start + count) % _ring.Length;
        _length -= count;
        while (count > 0)
        {
            LinkedListNode<Run> oldest = _runs.First!;
            int take = Math.Min(count, oldest.Value.Length);
            oldest.ValueRef.Length -= take;
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
