using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;

namespace Glovebox.Execution;

/// <summary>What one block prints and shows: decoded, in order, bounded, and handed on while it arrives.</summary>
/// <remarks>
/// The first half of the bound is handed on at once. What comes after it is held back in a ring of the other half, because only the
/// end of the program tells which part is the tail. A program that prints never waits for a reader, and the host's memory stays within the
/// bound. Calls of functions are told in their order between the pieces of output; a caller that makes too many waits for the reader.
/// </remarks>
/// <param name="maxBytes">How many bytes of text are kept.</param>
/// <param name="blockIndex">The block's place in its list.</param>
/// <param name="maxUnread">When more than 0, the reader gets everything at once, and only misses what is printed while so many characters
/// wait for it.</param>
internal sealed class OutputCollector(long maxBytes, int blockIndex, int maxUnread = 0) : IOutputSink
{
    /// <summary>How far the reader of a whole output may fall behind: 64 Mi characters.</summary>
    public const int MaxUnread = 64 << 20;

    private const int MaxUnreadCalls = 256;

    private readonly Lock _lock = new();
    private readonly long _headBytes = maxBytes - (maxBytes / 2);
    private readonly StreamText _standardOutput = new();
    private readonly StreamText _standardError = new();
    private readonly StringBuilder _combined = new();
    private readonly List<CodeExecutionUpdate> _unread = [];

    /// <summary>Text that is not handed on yet: a reader that is slower than the program gets larger pieces, not more of them.</summary>
    private readonly StringBuilder _open = new();
    private readonly Channel<bool> _room = Channel.CreateBounded<bool>(MaxUnreadCalls);
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>The decoders of what the reader gets, where that is everything.</summary>
    private readonly StreamText[] _whole = [new(), new()];

    /// <summary>What the reader has missed of each stream and was not told of yet, in bytes.</summary>
    private readonly long[] _missed = new long[2];

    private OutputTail _tail = new((int)(maxBytes / 2));
    private OutputStream _openStream;
    private long _received;
    private long _unreadLength;
    private bool _headFull;
    private bool _ended;

    public bool Truncated => _tail.HasDropped;

    public string Combined => _combined.ToString();

    public string StandardOutput => _standardOutput.Text.ToString();

    public string StandardError => _standardError.Text.ToString();

    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            if (_ended || data.IsEmpty)
            {
                return;
            }

            if (maxUnread > 0)
            {
                HandOnWhole(stream, _whole[(int)stream].Decode(data));
            }

            if (!_headFull)
            {
                int take = (int)Math.Min(data.Length, _headBytes - _received);
                _received += take;
                Emit(stream, Of(stream).Decode(data[..take]));
                data = data[take..];
                _headFull = _received == _headBytes;
            }

            // The decoders keep a character that the border cuts; when nothing is dropped the tail completes it.
            _tail.Write(stream, data);
        }
    }

    /// <summary>Takes text that had terminal sequences taken out. The reader gets it as it was, too, unless it is beyond the
    /// bound.</summary>
    public void Write(OutputStream stream, string text, string rawText)
    {
        lock (_lock)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            if (_ended || _headFull || bytes.Length > _headBytes - _received)
            {
                Write(stream, bytes);
                return;
            }

            _received += bytes.Length;
            Of(stream).Text.Append(text);
            _combined.Append(text);
            HandOn(new OutputReceivedUpdate(blockIndex, stream, text) { RawText = rawText });
        }
    }

    /// <summary>Writes a line of Glovebox's own now.</summary>
    public void WriteNotice(string line)
    {
        lock (_lock)
        {
            if (!_ended)
            {
                Write(OutputStream.StandardError, Encoding.UTF8.GetBytes(LineStart() + line + "\n"));
            }
        }
    }

    /// <summary>Hands on something rich. One that the reader has not seen yet is replaced when it is shown again under its name.</summary>
    public void Show(DisplayOutput display)
    {
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            DisplayReceivedUpdate update = new(blockIndex, display);
            int at = display.DisplayId is { } id
                ? _unread.FindIndex(u => u is DisplayReceivedUpdate shown && shown.Display.DisplayId == id)
                : -1;
            if (at >= 0)
            {
                _unread[at] = update;
            }
            else
            {
                HandOn(update);
            }
        }
    }

    /// <summary>Tells of a call or of a connection. Dropped after the end.</summary>
    public async Task AddAsync(CodeExecutionUpdate update, CancellationToken cancellationToken)
    {
        await _room.Writer.WriteAsync(true, cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            if (!_ended)
            {
                HandOn(update);
            }
        }
    }

    /// <summary>Makes void what was printed and shown so far.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            _tail = new OutputTail((int)(maxBytes / 2));
            _received = 0;
            _headFull = false;
            _standardOutput.Clear();
            _standardError.Clear();
            _combined.Clear();
            _open.Clear();
            _unreadLength = 0;
            _missed.AsSpan().Clear();
            Array.ForEach(_whole, w => w.Clear());
            _unread.RemoveAll(u => u is not (FunctionCalledUpdate or EgressUpdate));
            HandOn(new OutputClearedUpdate(blockIndex));
        }
    }

    /// <summary>Takes the tail in, then ends the output with a line of Glovebox's own, if any. Later writes are dropped.</summary>
    public void Complete(string? notice)
    {
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            // Reading the tail drops what is left of a cut character, so the count is right only afterwards. A stream that lost nothing has
            // no mark: what a program reads from it is what was printed there.
            (OutputStream, byte[])[] tail = [.. _tail.Read()];
            foreach (OutputStream stream in (ReadOnlySpan<OutputStream>)[OutputStream.StandardOutput, OutputStream.StandardError])
            {
                if (_tail.DroppedBytes(stream) is > 0 and long dropped)
                {
                    dropped += Of(stream).Forget();
                    EmitLine(stream, Mark(dropped), dropped);
                }

                HandOnWhole(stream, _whole[(int)stream].Flush());
                TellMissed(stream);
            }

            foreach ((OutputStream stream, byte[] bytes) in tail)
            {
                Emit(stream, Of(stream).Decode(bytes));
            }

            EmitPending();
            if (notice is not null)
            {
                EmitLine(OutputStream.StandardError, notice, dropped: 0);
            }

            _ended = true;
            _signal.Writer.TryComplete();
        }
    }

    /// <summary>Gives the output as it arrives, until <see cref="Complete"/>. For one reader.</summary>
    public async IAsyncEnumerable<CodeExecutionUpdate> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        bool more;
        do
        {
            more = await _signal.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
            _signal.Reader.TryRead(out _);
            CodeExecutionUpdate[] updates;
            lock (_lock)
            {
                CloseText();
                updates = [.. _unread];
                _unread.Clear();
                _unreadLength = 0;
            }

            foreach (CodeExecutionUpdate update in updates)
            {
                if (update is FunctionCalledUpdate or EgressUpdate)
                {
                    _room.Reader.TryRead(out _);
                }

                yield return update;
            }
        }
        while (more);
    }

    private StreamText Of(OutputStream stream) => stream == OutputStream.StandardOutput ? _standardOutput : _standardError;

    private void EmitPending()
    {
        Emit(OutputStream.StandardOutput, _standardOutput.Flush());
        Emit(OutputStream.StandardError, _standardError.Flush());
    }

    private static string Mark(long bytes) => string.Create(CultureInfo.InvariantCulture, $"[... {bytes} bytes dropped ...]");

    /// <summary>Writes a line of Glovebox's own, which begins a line in its stream and among all output.</summary>
    private void EmitLine(OutputStream stream, string line, long dropped)
    {
        StringBuilder own = Of(stream).Text;
        string start = own.Length == 0 || own[^1] == '\n' ? "" : "\n";
        string text = (start.Length > 0 ? start : LineStart()) + line + "\n";
        own.Append(start).Append(line).Append('\n');
        _combined.Append(text);

        // A reader that gets everything has no gap there.
        if (dropped > 0 && maxUnread == 0)
        {
            HandOn(new OutputReceivedUpdate(blockIndex, stream, text) { DroppedBytes = dropped });
        }
        else if (dropped == 0)
        {
            HandOnText(stream, text);
        }
    }

    /// <summary>Hands on what was printed, unless the reader is too far behind.</summary>
    private void HandOnWhole(OutputStream stream, string text)
    {
        if (text.Length > 0 && _unreadLength + text.Length > maxUnread)
        {
            _missed[(int)stream] += Encoding.UTF8.GetByteCount(text);
        }
        else if (text.Length > 0)
        {
            TellMissed(stream);
            _unreadLength += text.Length;
            HandOnText(stream, text);
        }
    }

    private void TellMissed(OutputStream stream)
    {
        if (_missed[(int)stream] is > 0 and long missed)
        {
            _missed[(int)stream] = 0;
            HandOn(new OutputReceivedUpdate(blockIndex, stream, $"\n{Mark(missed)}\n") { DroppedBytes = missed });
        }
    }

    private void Emit(OutputStream stream, string text)
    {
        if (text.Length > 0)
        {
            Of(stream).Text.Append(text);
            _combined.Append(text);
            if (maxUnread == 0)
            {
                HandOnText(stream, text);
            }
        }
    }

    private string LineStart() => _combined.Length == 0 || _combined[^1] == '\n' ? "" : "\n";

    private void HandOnText(OutputStream stream, string text)
    {
        if (_openStream != stream)
        {
            CloseText();
            _openStream = stream;
        }

        _open.Append(text);
        _signal.Writer.TryWrite(true);
    }

    private void HandOn(CodeExecutionUpdate update)
    {
        CloseText();
        _unread.Add(update);
        _signal.Writer.TryWrite(true);
    }

    private void CloseText()
    {
        if (_open.Length > 0)
        {
            _unread.Add(new OutputReceivedUpdate(blockIndex, _openStream, _open.ToString()));
            _open.Clear();
        }
    }
}
