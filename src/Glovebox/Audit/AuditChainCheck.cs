namespace Glovebox.Audit;

/// <summary>A check of audit files, line by line.</summary>
/// <remarks>After something that is wrong, it goes on from what the line says of itself, so that one change is one problem.</remarks>
internal sealed class AuditChainCheck(ReadOnlyMemory<byte> key, string? expectedHash)
{
    private const int MaxProblems = 100;

    private readonly List<AuditChainProblem> _problems = [];
    private long _problemCount;
    private long _lines;
    private long _first;
    private long _last;
    private string? _lastHash;
    private bool _isKeyed;
    private bool _isFound;

    /// <summary>Whether the last line cannot be gone on from: what follows it has nothing to be compared with.</summary>
    private bool _isInterrupted;

    /// <summary>Checks the next file.</summary>
    public async Task FileAsync(string path, Stream stream, bool isLast, CancellationToken cancellationToken)
    {
        AuditLineReader reader = new(stream);
        long number = 0;
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) is { } read)
        {
            number++;
            if (read.HasEnd)
            {
                Line(path, number, read.Text.Span);
            }
            else if (read.IsTooLong || !isLast || !AuditLine.MayBeTorn(read.Text.Span))
            {
                NotALine(
                    path, number, read.IsTooLong ? $"has more than {AuditLine.MaxBytes} bytes" : "has no end, and not the form of one");
            }
            else
            {
                Add(AuditChainProblemKind.Torn, path, number, null,
                    $"It has no end ({read.Text.Length} bytes). A crash while it was written leaves such a line, and the next opening "
                    + "mends it; somebody who cut the file leaves one, too.");
            }
        }

        if (number == 0)
        {
            Add(AuditChainProblemKind.Empty, path, 0, null, "The file is empty: an audit file has at least one line.");
        }
    }

    public AuditChainReport Report(IReadOnlyList<string> files)
    {
        if (expectedHash is not null && !_isFound)
        {
            Add(AuditChainProblemKind.NotFound, "", 0, null,
                $"No line has the expected hash {WorkspacePath.Printable(expectedHash)}: its line was changed or removed.");
        }

        return new()
        {
            Files = files,
            Lines = _lines,
            FirstSequence = _first,
            LastSequence = _last,
            LastHash = _lastHash,
            IsKeyed = _isKeyed,
            ProblemCount = _problemCount,
            Problems = _problems,
        };
    }

    private void Line(string path, long number, ReadOnlySpan<byte> text)
    {
        if (!AuditLine.TryRead(text, key.Span, out AuditLine line))
        {
            NotALine(path, number, text.IsEmpty ? "is empty" : "has not the form of one");
            return;
        }

        if (line.IsKeyed && key.IsEmpty)
        {
            throw new AuditException(
                $"The audit file {AuditFolder.Quote(path)} was written with a key, and cannot be checked without it.", "Give the key.");
        }

        _lines++;
        _isKeyed |= line.IsKeyed;
        if (!line.IsUnchanged)
        {
            Add(AuditChainProblemKind.Changed, path, number, line.Sequence,
                key.IsEmpty ? "It was changed after it was written."
                : line.IsKeyed ? "It was changed after it was written, or made with another key."
                : "It was made without the key.");
        }
        else
        {
            _isFound |= line.Hash == expectedHash;
        }

        Place(path, number, line);
        (_last, _lastHash) = (line.Sequence, line.Hash);
        _isInterrupted = false;
    }

    private void Place(string path, long number, AuditLine line)
    {
        if (number == 1 && AuditFiles.FirstSequence(path) is { } named && named != line.Sequence)
        {
            Add(AuditChainProblemKind.Missing, path, number, line.Sequence,
                $"The file begins with line {line.Sequence} of the audit, and by its name with {named}.");
        }
        else if (_first == 0)
        {
            First(path, number, line);
        }
        else if (line.Sequence > _last + 1)
        {
            // What cannot be read may be what is missing.
            if (!_isInterrupted || line.Sequence != _last + 2)
            {
                Add(AuditChainProblemKind.Missing, path, number, line.Sequence, _last + 2 == line.Sequence
                    ? $"Line {_last + 1} of the audit is missing before it."
                    : $"Lines {_last + 1} to {line.Sequence - 1} of the audit are missing before it.");
            }
        }
        else if (line.Sequence <= _last)
        {
            Add(AuditChainProblemKind.OutOfOrder, path, number, line.Sequence,
                $"It stands after line {_last} of the audit: it was repeated, added or moved.");
        }
        else if (line.Previous != _lastHash)
        {
            Add(AuditChainProblemKind.NotLinked, path, number, line.Sequence,
                "It does not follow from the line before: that line was written again, or this one.");
        }

        _first = _first == 0 ? line.Sequence : _first;
    }

    private void First(string path, long number, AuditLine line)
    {
        if (line.Sequence == 1 && line.Previous != AuditLine.NoPrevious)
        {
            Add(AuditChainProblemKind.NotLinked, path, number, line.Sequence, "It is the first of all, and names a line before it.");
        }
        else if (line.Sequence > 1 && AuditFiles.FirstSequence(path) is null)
        {
            // Deleting old files keeps at least one beside it.
            Add(AuditChainProblemKind.Missing, path, number, line.Sequence,
                $"Lines 1 to {line.Sequence - 1} of the audit are missing before it; they, or the last of them, belong into a file beside "
                + "this one.");
        }
    }

    private void NotALine(string path, long number, string why)
    {
        _isInterrupted = true;
        Add(AuditChainProblemKind.NotALine, path, number, null, $"It {why}: it is no line of an audit, or was changed.");
    }

    private void Add(AuditChainProblemKind kind, string file, long line, long? sequence, string message)
    {
        _problemCount++;
        if (_problems.Count < MaxProblems)
        {
            _problems.Add(new(kind, file, line, sequence, message));
        }
    }
}
