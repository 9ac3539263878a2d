using System.Text;

namespace Glovebox.Sandboxes;

/// <summary>The last words of a program, for a message.</summary>
/// <param name="only">The one stream that counts; null: both.</param>
internal sealed class BoundedText(OutputStream? only = null) : IOutputSink
{
    private const int Kept = 8 << 10;

    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();

    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
        if (only is not null && only != stream)
        {
            return;
        }

        lock (_lock)
        {
            _text.Append(Encoding.UTF8.GetString(data));
            if (_text.Length > Kept * 2)
            {
                _text.Remove(0, _text.Length - Kept);
            }
        }
    }

    public override string ToString()
    {
        lock (_lock)
        {
            string text = _text.ToString();
            return (text.Length > Kept ? text[^Kept..] : text).Trim();
        }
    }
}
