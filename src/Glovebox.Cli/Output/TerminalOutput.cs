using System.Globalization;
using Spectre.Console;

namespace Glovebox.Cli.Output;

/// <summary>Output for a person at a terminal.</summary>
internal sealed class TerminalOutput(IAnsiConsole console, TextWriter writer) : IRunOutput
{
    private readonly TerminalText _outputText = new();
    private readonly TerminalText _errorText = new();
    private bool _lineIsOpen;

    public void Show(CodeExecutionUpdate update)
    {
        switch (update)
        {
            case BlockStartedUpdate started:
                Rule($"[bold]{started.BlockIndex + 1}[/] {Markup.Escape(TerminalText.Line(started.Block.Language))}", "blue");
                break;
            case OutputReceivedUpdate output:
                Write((output.Stream == OutputStream.StandardOutput ? _outputText : _errorText).Clean(output.Text));
                break;
            case BlockCompletedUpdate completed:
                Complete(completed.Result);
                break;
        }
    }

    public void Finish(CodeResult result, string executor)
    {
        foreach (WorkspaceFile file in result.OutputFiles)
        {
            console.MarkupLine($"[blue]file[/] {Markup.Escape(TerminalText.Line(file.Path))} [dim]({Run.ByteSize.Format(file.Size)})[/]");
        }

        console.MarkupLine(string.Create(
            CultureInfo.InvariantCulture,
            $"[dim]{result.Blocks.Count} {(result.Blocks.Count == 1 ? "block" : "blocks")} in {executor}, {Duration(result.Blocks.Sum(b => b.Duration.TotalMilliseconds))}[/]"));
    }

    private void Complete(BlockResult result)
    {
        Write(_outputText.End() + _errorText.End());
        CloseLine();
        if (result.ExitCode != 0)
        {
            console.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"[red]exit code {result.ExitCode}[/] [dim]{Duration(result.Duration.TotalMilliseconds)}[/]"));
        }
        else
        {
            console.MarkupLine($"[green]ok[/] [dim]{Duration(result.Duration.TotalMilliseconds)}[/]");
        }
    }

    private void Rule(string title, string colour)
    {
        CloseLine();
        console.Write(new Rule(title) { Justification = Justify.Left, Style = Style.Parse(colour) });
    }

    private void Write(string text)
    {
        if (text.Length > 0)
        {
            writer.Write(text);
            writer.Flush();
            _lineIsOpen = !text.EndsWith('\n');
        }
    }

    /// <summary>Ends the line and takes back the program's colours.</summary>
    private void CloseLine()
    {
        if (console.Profile.Capabilities.Ansi)
        {
            writer.Write("\u001b[0m");
        }

        if (_lineIsOpen)
        {
            writer.Write('\n');
            _lineIsOpen = false;
        }

        writer.Flush();
    }

    private static string Duration(double milliseconds) => milliseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.#} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:0.##} s");
}
