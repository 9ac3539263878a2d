using Glovebox.Docker;

namespace Glovebox.Cli.Output;

/// <summary>Shows on standard error how an image is pulled: in a terminal one line that is updated, otherwise one line at the
/// start.</summary>
internal sealed class PullProgress(bool isTerminal, Action<string> write) : IProgress<ImagePullProgress>
{
    private const string EraseLine = "\r\u001b[K";
    private const double Mebibyte = 1 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Current, long Total)> _layers = new(StringComparer.Ordinal);
    private string _shown = "";

    public static PullProgress OnStandardError() => new(StandardStream.Error.IsTerminal, StandardStream.Error.Write);

    public void Report(ImagePullProgress value)
    {
        lock (_lock)
        {
            if (value is { Layer: { } layer, Current: { } current, Total: { } total } && value.Status == "Downloading")
            {
                _layers[layer] = (current, total);
            }
            else if (value is { Layer: { } done, Status: "Pull complete" or "Download complete" }
                && _layers.TryGetValue(done, out (long Current, long Total) size))
            {
                _layers[done] = (size.Total, size.Total);
            }

            Show(value);
        }
    }

    private void Show(ImagePullProgress value)
    {
        bool isOver = value.Layer is null && value.Status.StartsWith("Status:", StringComparison.Ordinal);
        string line = $"Pulling {TerminalText.Line(value.Image)}";
        if (!isTerminal)
        {
            if (_shown.Length == 0)
            {
                write(line + "\n");
            }

            _shown = line;
            return;
        }

        long total = _layers.Values.Sum(l => l.Total);
        line += total > 0
            ? $": {_layers.Values.Sum(l => l.Current) / Mebibyte:0.0} of {total / Mebibyte:0.0} MiB"
            : "...";
        if (isOver)
        {
            write(EraseLine);
        }
        else if (line != _shown)
        {
            write(EraseLine + line);
        }

        _shown = line;
    }
}
