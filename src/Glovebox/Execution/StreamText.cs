using System.Buffers;
using System.Text;

namespace Glovebox.Execution;

/// <summary>The text of one stream. Its bytes come in pieces that may end within a character.</summary>
internal sealed class StreamText
{
    private const int MaxIncomplete = 3;

    /// <summary>The beginning of a character whose end has not arrived.</summary>
    private byte[] _open = [];

    public StringBuilder Text { get; } = new();

    public string Decode(ReadOnlySpan<byte> bytes)
    {
        if (_open.Length > 0)
        {
            bytes = (byte[])[.. _open, .. bytes];
        }

        int complete = bytes.Length - Incomplete(bytes);
        _open = bytes[complete..].ToArray();
        return Encoding.UTF8.GetString(bytes[..complete]);
    }

    public string Flush()
    {
        string text = Encoding.UTF8.GetString(_open);
        _open = [];
        return text;
    }

    public void Clear()
    {
        Forget();
        Text.Clear();
    }

    /// <summary>Drops the beginning of a character whose rest was dropped.</summary>
    /// <returns>Its bytes.</returns>
    public int Forget()
    {
        int length = _open.Length;
        _open = [];
        return length;
    }

    /// <summary>How many bytes at the end are the beginning of a character.</summary>
    private static int Incomplete(ReadOnlySpan<byte> bytes)
    {
        for (int length = Math.Min(MaxIncomplete, bytes.Length); length > 0; length--)
        {
            if (Rune.DecodeFromUtf8(bytes[^length..], out _, out int read) == OperationStatus.NeedMoreData && read == length)
            {
                return length;
            }
        }

        return 0;
    }
}
