using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Glovebox.Execution.Displays;

/// <summary>What one block prints and shows, bounded, and handed on while it arrives. Called by one thread at a time; nothing
/// waits. A display that has a name, also from an earlier block, has its number in <c>names</c>.</summary>
internal sealed class BlockDisplays(OutputCollector output, DisplayFiles files, Dictionary<string, int> names, DisplayLimits limits)
{
    /// <summary>A kernel that makes up ever new names forgets its old ones.</summary>
    private const int MaxNames = 10_000;

    /// <summary>A display with a longer name is one without a name. Those of kernels have 32 digits.</summary>
    private const int MaxNameLength = 1000;

    private readonly DisplayWrites _writes = new();
    private readonly List<(int Number, DisplayOutput Display)> _shown = [];
    private long _bytes;
    private int _dropped;
    private bool _clearsNext;

    /// <summary>What is shown at the end, in the order in which it first appeared.</summary>
    public IReadOnlyList<DisplayOutput> Shown => [.. _shown.Select(s => s.Display)];

    /// <summary>Whether something was left out.</summary>
    public bool IsTruncated => _dropped > 0;

    /// <summary>Takes printed text, as UTF-8, valid only during the call.</summary>
    public void Write(OutputStream stream, ReadOnlySpan<byte> text)
    {
        ClearIfAsked();
        output.Write(stream, text);
    }

    /// <summary>Takes a traceback with its terminal colours.</summary>
    public void WriteError(string traceback)
    {
        ClearIfAsked();
        string raw = traceback + "\n";
        output.Write(OutputStream.StandardError, TerminalSequences.Remove(raw), raw);
    }

    /// <summary>Takes what was shown.</summary>
    /// <param name="bundle">Its forms, by MIME type.</param>
    /// <param name="displayId">The name under which it may be changed, or null.</param>
    /// <param name="isUpdate">Whether it takes the place of an earlier one of that name.</param>
    public void Show(JsonElement bundle, string? displayId, bool isUpdate)
    {
        ClearIfAsked();
        if (displayId is { Length: > MaxNameLength })
        {
            displayId = null;
        }

        int known = displayId is null ? 0 : names.GetValueOrDefault(displayId);
        if (isUpdate && known == 0)
        {
            return;
        }

        if (MimeBundle.Text(bundle) is { Length: > 0 } text)
        {
            output.Write(OutputStream.StandardOutput, Encoding.UTF8.GetBytes(text + "\n"));
        }

        Dictionary<string, ReadOnlyMemory<byte>> data = MimeBundle.Read(bundle);
        int number = isUpdate ? known : 0;
        int at = number == 0 ? -1 : _shown.FindIndex(s => s.Number == number);
        long size = Size(data) - (at < 0 ? 0 : Size(_shown[at].Display.Data));
        if ((at < 0 && _shown.Count >= limits.MaxDisplays) || _bytes + size > limits.MaxBytes)
        {
            _dropped++;
            return;
        }

        if (number == 0)
        {
            number = files.Next();
            if (displayId is not null)
            {
                if (names.Count >= MaxNames)
                {
                    names.Clear();
                }

                names[displayId] = number;
            }
        }

        _bytes += size;
        DisplayOutput display = new(data) { DisplayId = displayId, Files = files.Save(number, data, _writes) };
        if (at < 0)
        {
            _shown.Add((number, display));
        }
        else
        {
            _shown[at] = (number, display);
        }

        output.Show(display);
    }

    /// <summary>Makes void what came so far, at once or when the next output comes.</summary>
    public void Clear(bool waits)
    {
        _clearsNext = true;
        if (!waits)
        {
            ClearIfAsked();
        }
    }

    /// <summary>Says that something was left out because it was too large.</summary>
    public void Drop(long bytes)
    {
        ClearIfAsked();
        output.WriteNotice(string.Create(CultureInfo.InvariantCulture, $"[... a message of {bytes} bytes dropped ...]"));
        _dropped++;
    }

    /// <summary>Says what was left out, and which files could not be written. The last thing before the block's end.</summary>
    public async Task CompleteAsync()
    {
        foreach (string failure in await _writes.CompleteAsync().ConfigureAwait(false))
        {
            output.WriteNotice($"A display could not be saved: {failure}");
        }

        if (_dropped > 0)
        {
            output.WriteNotice(string.Create(
                CultureInfo.InvariantCulture,
                $"[... {_dropped} displays or messages dropped: a block shows at most {limits.MaxDisplays} displays and"
                + $" {limits.MaxBytes >> 20} MiB ...]"));
        }
    }

    private void ClearIfAsked()
    {
        if (!_clearsNext)
        {
            return;
        }

        _clearsNext = false;
        output.Clear();
        foreach ((int number, DisplayOutput display) in _shown)
        {
            files.Delete(display, _writes);
            names.Remove(display.DisplayId ?? "");
        }

        _shown.Clear();
        _bytes = 0;
    }

    private static long Size(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> data) => data.Sum(d => d.Key.Length + (long)d.Value.Length);
}

/// <summary>How much of what a block shows is kept.</summary>
/// <param name="MaxDisplays">How many displays.</param>
/// <param name="MaxBytes">How many bytes, in all their forms together.</param>
internal sealed record DisplayLimits(int MaxDisplays, long MaxBytes)
{
    /// <summary>Checks a folder for displays.</summary>
    public static string? CheckFolder(string? value, string name) =>
        value is null || (!string.IsNullOrWhiteSpace(value) && !value.Contains('\0'))
            ? value
            : throw new ArgumentException($"{name} must be a path, or null for the work directory.", name);

    public static int CheckCount(int value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, name);
        return value;
    }

    public static long CheckBytes(long value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1L << 30, name);
        return value;
    }
}
