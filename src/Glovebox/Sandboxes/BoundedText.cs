using System.Runtime.InteropServices;
using System.Text;

namespace Glovebox.Sandboxes;

/// <summary>The end of what a program printed, for a message.</summary>
/// <param name="only">The one stream that is kept. Null keeps both.</param>
internal sealed class BoundedText(OutputStream? only = null) : IOutputSink
{
    private const int Kept = 8 << 10;

    private readonly Lock _lock = new();
    private readonly List<byte> _bytes = [];

    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
        if (only is not null && only != stream)
        {
            return;
        }

        lock (_lock)
        {
            _bytes.AddRange(data);
            if (_bytes.Count > 2 * Kept)
            {
                _bytes.RemoveRange(0, _bytes.Count - Kept);
            }
        }
    }

    /// <summary>Gets the last lines that are not empty, without control characters.</summary>
    public IEnumerable<string> LastLines(int count) =>
        Text().ReplaceLineEndings("\n").Split('\n')
            .Where(l => !string.IsNullOrWhiteSpace(l))
            .TakeLast(count)
            .Select(WorkspacePath.Printable);

    public override string ToString() => Text().Trim();

    private string Text()
    {
        lock (_lock)
        {
            return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(_bytes)[Math.Max(0, _bytes.Count - Kept)..]);
        }
    }
}
