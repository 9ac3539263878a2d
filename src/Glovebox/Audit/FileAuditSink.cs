using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Audit;

/// <summary>Keeps audit events in a file, one JSON line each, chained by hashes.</summary>
/// <remarks>
/// <para><b>Safety.</b> When <see cref="WriteAsync"/> ends, the system has told the disk to keep the line (<c>fsync</c>), and the name of
/// its file. A line that a crash cut short was never said to be kept; the next opening takes it away and notes it in its first line,
/// an <see cref="AuditOpenedEvent"/>.</para>
/// <para><b>The chain.</b> A line is <c>{"seq":2,"prev":"HASH","event":{...},"hash":"HASH"}</c>: its number, the hash of the line before,
/// the event, and the hash of all that. <see cref="AuditChain"/> checks it. It goes on over files and processes. Without a
/// <see cref="FileAuditSinkOptions.Key"/> it shows that a part was changed, removed or added, and not that nobody wrote the whole again.
/// That lines are missing at its end, it never shows by itself: keep <see cref="LastHash"/> elsewhere from time to time.</para>
/// <para><b>Files.</b> A full file is renamed: <c>audit.jsonl</c> to <c>audit-000000000001.jsonl</c>, with the number of its first line.
/// Files are readable and writable by their owner alone. One sink at a time writes; a file <c>audit.jsonl.lock</c> beside it stays. The
/// path must lead through no link; on systems other than Linux only the file and its folder are looked at.</para>
/// </remarks>
public sealed class FileAuditSink : IAuditSink, IDisposable
{
    private const int MaxTornText = 4096;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly string _name;
    private readonly FileAuditSinkOptions _options;
    private readonly AuditFolder _folder;
    private readonly SafeFileHandle _lock;
    private SafeFileHandle? _file;
    private long _length;
    private long _firstSequence;
    private long _sequence;
    private string _previous = AuditLine.NoPrevious;
    private bool _isCutShort;
    private AuditException? _broken;
    private bool _isDisposed;

    /// <summary>Opens an audit file, and goes on from its last line.</summary>
    /// <param name="path">The file, in a folder that exists; it is made when it is missing. Keep it out of work directories.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="timeProvider">Tells the time of the first line. Null: the system.</param>
    /// <exception cref="ArgumentException">The path is empty, names a folder, or ends as the names of full files do: with a hyphen and 12
    /// to 18 digits.</exception>
    /// <exception cref="AuditException">The file is behind a link, is written to by another sink, is not an audit file, was made with
    /// another key, or cannot be written.</exception>
    public FileAuditSink(string path, FileAuditSinkOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (path.Contains('\0') || Path.GetFileName(path) is "" or "." or ".." || Directory.Exists(path))
        {
            throw new ArgumentException($"{AuditFolder.Quote(path)} names no file, which an audit needs.", nameof(path));
        }

        if (AuditFiles.FirstSequence(path) is not null)
        {
            throw new ArgumentException(
                $"{AuditFolder.Quote(path)} is the name of a full file of another audit: it must not end in a hyphen and 12 to 18 digits.",
                nameof(path));
        }

        FilePath = Path.GetFullPath(path);
        _name = Path.GetFileName(FilePath);
        _options = options?.Copy() ?? new();
        _folder = new(Path.GetDirectoryName(FilePath)!);
        try
        {
            _lock = _folder.Lock(_name + ".lock", _name);
            byte[] torn = Open();
            Write(new AuditOpenedEvent
            {
                Time = (timeProvider ?? TimeProvider.System).GetUtcNow(),
                Machine = Environment.MachineName,
                ProcessId = Environment.ProcessId,
                GloveboxVersion = typeof(FileAuditSink).Assembly
                    .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
                TornBytes = torn.Length,
                TornText = torn.Length == 0 ? null : Encoding.UTF8.GetString(torn.AsSpan(0, Math.Min(torn.Length, MaxTornText))),
            });
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <summary>Gets the file that is written to, absolute.</summary>
    public string FilePath { get; }

    /// <summary>Gets the number and the hash of the last line. Kept where writers of the file cannot reach, they show later that nothing
    /// up to that line was changed or removed: see <c>glovebox audit verify --expect</c>.</summary>
    public (long Sequence, string Hash) LastHash
    {
        get
        {
            _turn.Wait();
            try
            {
                return (_sequence, _previous);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(AuditEvent auditEvent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(auditEvent);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Write(auditEvent);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Closes the file. Another sink may then open it.</summary>
    public void Dispose()
    {
        _turn.Wait();
        try
        {
            _isDisposed = true;
            Close();
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Write(AuditEvent auditEvent)
    {
        byte[] line = AuditLine.Make(
            _sequence + 1, _previous, JsonSerializer.SerializeToUtf8Bytes(auditEvent, AuditJson.Event), _options.Key.Span, out string hash);
        if (line.Length > AuditLine.MaxBytes)
        {
            throw new AuditException($"An audit event of {line.Length} bytes is too large: {AuditLine.MaxBytes} is the most.");
        }

        SafeFileHandle file = FileFor(line.Length);
        try
        {
            RandomAccess.Write(file, line, _length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A part of the line may be there.
            _isCutShort = true;
            TryCutShortLine(file);
            throw new AuditException(
                $"The audit file {AuditFolder.Quote(FilePath)} cannot be written: {e.Message}", "Make room on its disk, and try again.", e);
        }

        Flush(file, isNew: _length == 0);
        _length += line.Length;
        _sequence++;
        _previous = hash;
        _firstSequence = _firstSequence == 0 ? _sequence : _firstSequence;
    }

    /// <summary>The file for a line, looked at before each: what is written past the eyes of everybody is not kept.</summary>
    private SafeFileHandle FileFor(int lineLength)
    {
        if (_broken is not null)
        {
            throw _broken;
        }

        if (_file is not null)
        {
            if (_isCutShort)
            {
                TryCutShortLine(_file);
            }

            if (_isCutShort)
            {
                throw new AuditException(
                    $"The end of the audit file {AuditFolder.Quote(FilePath)} cannot be mended after a line that could not be written.",
                    "Check its disk, and try again.");
            }

            if (!_folder.Holds(_name, _file) || RandomAccess.GetLength(_file) != _length)
            {
                throw Disturbed();
            }

            if (_length == 0 || _length + lineLength <= _options.MaxFileSize)
            {
                return _file;
            }

            _folder.Rename(_name, AuditFiles.FullName(_name, _firstSequence));
            _file.Dispose();
            _file = null;
        }

        // An error here leaves no file, and the next line tries again.
        _file = _folder.Open(_name);
        (_length, _firstSequence) = (0, 0);
        if (RandomAccess.GetLength(_file) != 0)
        {
            throw Disturbed();
        }

        DeleteOldFiles();
        return _file;
    }

    private AuditException Disturbed() => _broken = new AuditException(
        $"The audit file {AuditFolder.Quote(FilePath)} was changed, renamed or deleted by another program while it was written to.",
        "Check it with: glovebox audit verify. Then open it again.");

    /// <summary>Finds the end of the chain.</summary>
    /// <returns>What a crash left behind it.</returns>
    private byte[] Open()
    {
        _file = _folder.Open(_name);
        try
        {
            AuditTail tail = AuditTail.Read(_file, FilePath, _options.Key.Span);
            (_length, _firstSequence) = (tail.Length, tail.FirstSequence);
            AuditLine? last = tail.Last;
            if (last is null && AuditFiles.FullNames(_name, _folder.Names()).LastOrDefault() is { } full)
            {
                using SafeFileHandle before = _folder.Open(full);
                last = AuditTail.Read(before, _folder.PathOf(full), _options.Key.Span).Last ?? throw new AuditException(
                    $"The audit file {AuditFolder.Quote(_folder.PathOf(full))} is empty: the end of the chain is lost.",
                    "Move the files of this audit away to begin a new one.");
            }

            if (last is { } line)
            {
                (_sequence, _previous) = (line.Sequence, line.Hash);
            }

            if (tail.Torn.Length > 0)
            {
                RandomAccess.SetLength(_file, _length);
            }

            return tail.Torn;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AuditException($"The audit file {AuditFolder.Quote(FilePath)} cannot be read: {e.Message}", innerException: e);
        }
    }

    private void Flush(SafeFileHandle file, bool isNew)
    {
        try
        {
            RandomAccess.FlushToDisk(file);
            if (isNew)
            {
                _folder.Flush();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A later flush could succeed without what this one lost.
            throw _broken = new AuditException(
                $"The disk did not keep the audit file {AuditFolder.Quote(FilePath)}: {e.Message}",
                "Check the disk, and the file with: glovebox audit verify. Then open it again.",
                e);
        }
    }

    private void TryCutShortLine(SafeFileHandle file)
    {
        try
        {
            RandomAccess.SetLength(file, _length);
            _isCutShort = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing is written before it succeeds.
        }
    }

    private void DeleteOldFiles()
    {
        if (_options.KeptFiles is { } kept)
        {
            foreach (string old in AuditFiles.FullNames(_name, [.. _folder.Names()]).SkipLast(kept))
            {
                _folder.TryDelete(old);
            }
        }
    }

    private void Close()
    {
        _file?.Dispose();
        _lock?.Dispose();
        _folder.Dispose();
    }
}
