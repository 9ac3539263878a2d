namespace Glovebox.Audit;

/// <summary>Reads lines of a file, one after another, in bounded memory.</summary>
internal sealed class AuditLineReader(Stream stream)
{
    private byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;
    private bool _isSkipping;

    /// <summary>Reads the next line.</summary>
    /// <returns>The line without its line feed, whether it has one, and whether it is longer than a line can be, and then cut; null: there
    /// is none. The memory is valid until the next call.</returns>
    public async ValueTask<(ReadOnlyMemory<byte> Text, bool HasEnd, bool IsTooLong)?> ReadAsync(CancellationToken cancellationToken)
    {
        int seen = 0;
        while (true)
        {
            int feed = _buffer.AsSpan((_start + seen).._end).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                Memory<byte> line = _buffer.AsMemory(_start, seen + feed);
                _start += seen + feed + 1;
                if (!_isSkipping)
                {
                    return (line, true, false);
                }

                (_isSkipping, seen) = (false, 0);
                continue;
            }

            seen = _end - _start;
            if (_isSkipping)
            {
                (_start, _end, seen) = (0, 0, 0);
            }
            else if (seen > AuditLine.MaxBytes)
            {
                _isSkipping = true;
                ReadOnlyMemory<byte> cut = _buffer.AsMemory(_start, seen);
                _start = _end;
                return (cut, false, true);
            }

            MakeRoom();
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                if (seen == 0)
                {
                    return null;
                }

                _start = _end;
                return (_buffer.AsMemory(_end - seen, seen), false, false);
            }

            _end += read;
        }
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
    }
}
