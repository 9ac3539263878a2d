using System.Text;

namespace Glovebox.Cli.Output;

/// <summary>Output for a person at a terminal.</summary>
/// <param name="blockCount">How many blocks there are.</param>
/// <param name="executor">Where they run.</param>
/// <param name="filesVanish">Whether the work directory goes with the run.</param>
/// <param name="traits">The abilities of the terminal.</param>
internal sealed class TerminalOutput(int blockCount, string executor, bool filesVanish, TerminalTraits traits) : IRunOutput
{
    private const int MostFilesShown = 20;
    private const int LongestName = 60;

    private readonly TerminalStyle _style = new(traits.HasColour);
    private readonly TerminalText _outputText = new(traits.HasColour);
    private readonly TerminalText _errorText = new(traits.HasColour);
    private bool _hasPrinted;
    private bool _lineIsOpen;

    public void Show(CodeExecutionUpdate update)
    {
        switch (update)
        {
            case BlockStartedUpdate started:
                StandardStream.Output.Write(Header(started.BlockIndex, started.Block.Language, TerminalTraits.Width()) + "\n");
                break;
            case OutputReceivedUpdate output:
                Write((output.Stream == OutputStream.StandardOutput ? _outputText : _errorText).Clean(output.Text));
                break;
            case BlockCompletedUpdate completed:
                CloseLine();
                StandardStream.Output.Write(Footer(completed.Result) + "\n");
                break;
        }
    }

    public void Finish(CodeResult result, Refusals? refusals)
    {
        if (result.Blocks.Count < blockCount)
        {
            int left = blockCount - result.Blocks.Count;
            Say(_style.Dim($"{left} more {(left == 1 ? "block" : "blocks")} not run"));
        }

        if (result.OutputFiles is { Count: > 0 } files)
        {
            List(files);
        }

        if (!result.AreOutputFilesComplete)
        {
            Say(_style.Yellow(FileList.Incomplete));
        }

        foreach (string line in refusals?.Lines(namesOption: true) ?? [])
        {
            Say(_style.Yellow(line));
        }
    }

    public void Dispose() => CloseLine();

    /// <summary>One line, as wide as the terminal: <c>── 1/2 python ───── bubblewrap ──</c>.</summary>
    private string Header(int index, string language, int width)
    {
        char dash = traits.HasUnicode ? '─' : '-';
        string number = blockCount == 1 ? "" : $"{index + 1}/{blockCount} ";
        string name = Shorten(TerminalText.Line(language), Math.Max(8, width - number.Length - 4));
        int gap = width - (number.Length + name.Length + executor.Length + 8);

        // Only the terminal knows the width of letters of other scripts.
        string tail = gap > 0 && Ascii.IsValid(name) ? $" {new string(dash, gap)} {executor} {dash}{dash}" : "";
        return $"{_style.Blue($"{dash}{dash}")} {_style.Dim(number)}{_style.Bold(name)}{_style.Blue(tail)}";
    }

    private string Footer(BlockResult result)
    {
        string duration = _style.Dim(Duration(result.Duration));
        string cut = result.Truncated ? _style.Yellow(", output shortened") : "";
        return result.Termination == TerminationReason.Skipped ? _style.Dim(BlockOutcome.Describe(result))
            : result.ExitCode == 0
            ? $"{_style.Green(traits.HasUnicode ? "✓" : "ok")} {duration}{cut}"
            : $"{_style.Red($"{(traits.HasUnicode ? "✗ " : "")}{BlockOutcome.Describe(result)}")}{_style.Dim(",")} {duration}{cut}";
    }

    private void List(IReadOnlyList<WorkspaceFile> files)
    {
        Say(_style.Bold("Files"));
        (string Name, string Size, string Warning)[] shown =
            [.. files.Take(MostFilesShown).Select(f => (TerminalText.Line(f.Path), Run.ByteSize.Format(f.Size), SetIdWarning.Of(f)))];
        int width = Math.Min(shown.Max(f => f.Name.Length), LongestName);
        foreach ((string name, string size, string warning) in shown)
        {
            Say($"  {name.PadRight(width)}  {_style.Dim(size.PadLeft(9))}{_style.Yellow(warning)}");
        }

        if (files.Count > MostFilesShown)
        {
            Say(_style.Dim($"  and {files.Count - MostFilesShown} more"));
        }

        if (filesVanish)
        {
            Say(_style.Dim("They go with the temporary work directory; --work-dir DIR keeps them."));
        }
    }

    private void Write(string text)
    {
        if (text.Length > 0)
        {
            StandardStream.Output.Write(text);
            _hasPrinted = true;
            _lineIsOpen = text[^1] != '\n';
        }
    }

    /// <summary>Ends what a program has printed: its line, and its colours.</summary>
    private void CloseLine()
    {
        Write(_outputText.End() + _errorText.End());
        if (_hasPrinted)
        {
            StandardStream.Output.Write(_style.Reset + (_lineIsOpen ? "\n" : ""));
            _hasPrinted = _lineIsOpen = false;
        }
    }

    private static void Say(string line) => StandardStream.Output.Write(line + "\n");

    private string Shorten(string text, int length) =>
        text.Length <= length ? text : text[..(length - 1)] + (traits.HasUnicode ? "…" : "~");

    private static string Duration(TimeSpan duration) => duration.TotalSeconds switch
    {
        < 1 => $"{duration.TotalMilliseconds:0} ms",
        < 60 => $"{duration.TotalSeconds:0.0} s",
        _ => $"{Math.Floor(duration.TotalMinutes):0} min {duration.Seconds} s",
    };
}
