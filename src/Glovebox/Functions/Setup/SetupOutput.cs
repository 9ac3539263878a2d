using System.Text;

namespace Glovebox.Functions.Setup;

/// <summary>The last lines that a program of the set-up printed.</summary>
internal sealed class SetupOutput : IOutputSink
{
    private const int KeptLines = 12;
    private const int KeptBytes = 8 << 10;

    private readonly Lock _lock = new();
    private readonly List<byte> _bytes = [];

    /// <summary>Fit to be shown: without control characters but the ends of lines.</summary>
    public string LastLines
    {
        get
        {
            lock (_lock)
            {
                string[] lines = [.. Encoding.UTF8.GetString([.. _bytes]).ReplaceLineEndings("\n").Split('\n').Where(l => !string.IsNullOrWhiteSpace(l))];
                return string.Join('\n', lines.TakeLast(KeptLines).Select(WorkspacePath.Printable));
            }
        }
    }

    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            _bytes.AddRange(data);
            if (_bytes.Count > 2 * KeptBytes)
            {
                _bytes.RemoveRange(0, _bytes.Count - KeptBytes);
            }
        }
    }
}
