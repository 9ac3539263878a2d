namespace Glovebox.Sandboxes;

/// <summary>The last bytes that a process printed, up to a bound, and where each was printed. Not for two threads at once.</summary>
/// <param name="bound">How many bytes it holds at most.</param>
internal sealed class OutputBuffer(int bound)
{
    private const int LargestPiece = 64 << 10;

    /// <summary>Where the bytes were printed, from the first to the last: so many on one stream, then so many on the other.</summary>
    private readonly Queue<(OutputStream Stream, int Count)> _stretches = new();

    private byte[] _bytes = [];
    private int _start;
    private int _count;
    private long _missed;

    /// <summary>How much of the first stretch in the queue is gone.</summary>
    private int _taken;

    /// <summary>The stretch that grows; it follows those in the queue.</summary>
    private (OutputStream Stream, int Count) _last;

    public bool HasSomething => _count > 0 || _missed > 0;

    /// <summary>Gives another buffer what this one holds.</summary>
    public void CopyTo(OutputBuffer other)
    {
        other._missed += _missed;
        int at = 0;
        int taken = _taken;
        foreach ((OutputStream stream, int count) in _stretches.Append(_last))
        {
            byte[] copy = new byte[count - taken];
            Read(copy, at);
            other.Write(stream, copy);
            at += copy.Length;
            taken = 0;
        }
    }

    /// <summary>Adds bytes. The first ones go where there is no room for all.</summary>
    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
        if (data.Length > bound)
        {
            Drop(_count);
            _missed += data.Length - bound;
            data = data[^bound..];
        }

        Drop(Math.Max(0, _count + data.Length - bound));
        if (data.IsEmpty)
        {
            return;
        }

        Reserve(_count + data.Length);
        int at = (_start + _count) % _bytes.Length;
        int first = Math.Min(data.Length, _bytes.Length - at);
        data[..first].CopyTo(_bytes.AsSpan(at));
        data[first..].CopyTo(_bytes);
        _count += data.Length;
        if (_last.Stream != stream && _last.Count > 0)
        {
            _stretches.Enqueue(_last);
            _last = default;
        }

        _last = (stream, _last.Count + data.Length);
    }

    /// <summary>Takes the first bytes, as many as were printed on one stream; null when there is nothing.</summary>
    public ProcessOutput? Take()
    {
        if (!HasSomething)
        {
            return null;
        }

        (OutputStream stream, int count) = _stretches.TryPeek(out (OutputStream Stream, int Count) first)
            ? (first.Stream, first.Count - _taken)
            : _last;
        byte[] data = new byte[Math.Min(count, LargestPiece)];
        Read(data, 0);
        Remove(data.Length);
        long missed = _missed;
        _missed = 0;
        return new ProcessOutput(stream, data, missed);
    }

    private void Read(Span<byte> data, int from)
    {
        if (data.IsEmpty)
        {
            return;
        }

        int at = (_start + from) % _bytes.Length;
        int first = Math.Min(data.Length, _bytes.Length - at);
        _bytes.AsSpan(at, first).CopyTo(data);
        _bytes.AsSpan(0, data.Length - first).CopyTo(data[first..]);
    }

    private void Drop(int count)
    {
        _missed += count;
        Remove(count);
    }

    private void Remove(int count)
    {
        _start = count == _count ? 0 : (_start + count) % _bytes.Length;
        _count -= count;
        while (count > 0)
        {
            if (!_stretches.TryPeek(out (OutputStream Stream, int Count) first))
            {
                _last.Count -= count;
                return;
            }

            int left = first.Count - _taken;
            if (left > count)
            {
                _taken += count;
                return;
            }

            _stretches.Dequeue();
            _taken = 0;
            count -= left;
        }
    }

    private void Reserve(int count)
    {
        if (count <= _bytes.Length)
        {
            return;
        }

        byte[] larger = new byte[Math.Min(bound, Math.Max(count, Math.Max(1024, _bytes.Length * 2)))];
        Read(larger.AsSpan(0, _count), 0);
        (_bytes, _start) = (larger, 0);
    }
}
