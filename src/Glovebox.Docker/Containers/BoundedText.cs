using System.Text;
using Glovebox.Environments;

namespace Glovebox.Docker.Containers;

/// <summary>The last words of a program, for a message.</summary>
internal sealed class BoundedText : IOutputSink
{
    private const int Kept = 4 << 10;

    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();

    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
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
