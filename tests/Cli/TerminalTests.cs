using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli;

/// <summary><c>glovebox run</c> at a terminal.</summary>
public sealed class TerminalTests : IDisposable
{
    private const string Escape = "\u001b";

    private readonly Tool _tool = new();
    private readonly TestFolder _folder = new();

    [Fact]
    public async Task A_run_shows_headers_output_outcomes_and_files()
    {
        string reply = _folder.Save(Replies.Of(
            ("python", "import sys; print('one'); print('problem', file=sys.stderr); open('data.csv', 'w').write('x' * 2048)"),
            ("bash", "printf unfinished; exit 3"),
            ("sh", "echo never")));

        ToolResult result = await _tool.With("NO_COLOR", "1").RunAtTerminalAsync(60, "run", reply);

        Assert.Equal(
            [
                "── 1/3 python ──────────────────────────────── bubblewrap ──",
                "one",
                "problem",
                "✓ # ms",
                "── 2/3 bash ────────────────────────────────── bubblewrap ──",
                "unfinished",
                "✗ exit code 3, # ms",
                "1 more block not run",
                "Files",
                "  data.csv      2 KiB",
                "They go with the temporary work directory; --work-dir DIR keeps them.",
            ],
            WithoutDurations(result));
        Assert.Equal(3, result.ExitCode);
    }

    [Fact]
    public async Task Colours_are_there_unless_they_are_not_wanted()
    {
        string reply = _folder.Save(Replies.Python("print('\\x1b[31mred\\x1b[0m')"));

        ToolResult coloured = await _tool.RunAtTerminalAsync(60, "run", reply);
        Assert.StartsWith($"{Escape}[34m──{Escape}[0m ", coloured.Output, StringComparison.Ordinal);
        Assert.Contains($"\n{Escape}[31mred{Escape}[0m\r\n", coloured.Output, StringComparison.Ordinal);
        Assert.Contains($"{Escape}[32m✓{Escape}[0m", coloured.Output, StringComparison.Ordinal);

        ToolResult unwanted = await _tool.With("NO_COLOR", "1").RunAtTerminalAsync(60, "run", reply);
        Assert.DoesNotContain(Escape, unwanted.Output, StringComparison.Ordinal);
        Assert.Contains("\nred\r\n", unwanted.Output, StringComparison.Ordinal);

        ToolResult dumb = await _tool.With("NO_COLOR", null).With("TERM", "dumb").RunAtTerminalAsync(60, "run", reply);
        Assert.DoesNotContain(Escape, dumb.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_that_shows_ASCII_alone_gets_ASCII_alone()
    {
        ToolResult result = await _tool.With("LANG", "C").With("NO_COLOR", "1").RunAtTerminalAsync(
            40, "run", _folder.Save(Replies.Python("print(1)")));

        Assert.Equal(["-- python ---------------- bubblewrap --", "1", "ok # ms"], WithoutDurations(result));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(20)]
    [InlineData(39)]
    public async Task A_header_is_one_line_in_a_narrow_terminal(int columns)
    {
        string language = new('x', 200);

        ToolResult result = await _tool.With("NO_COLOR", "1").RunAtTerminalAsync(
            columns, "run", _folder.Save(Replies.Of((language, "1"), ("sh", ""))));

        Assert.StartsWith("── 1/2 xx", result.Lines[0], StringComparison.Ordinal);
        Assert.InRange(result.Lines[0].Length, 8, Math.Max(columns, 15));
        Assert.StartsWith("unknown language", result.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hostile_program_does_not_reach_the_terminal()
    {
        // A title, a cleared screen, a question that the terminal would answer, C1 controls, text turned around, a bell.
        string reply = _folder.Save(Replies.Python("""
            import sys
            for text in ("\x1b]0;title\x07", "\x1b[2J\x1b[H", "\x1b[6n", "\x1b", "[5n", "\x9b31m", "\u202ereversed", "\x1bPq\x1b\\", "\x08\x08"):
                sys.stdout.write(text)
                sys.stdout.flush()
            sys.stderr.write("\x1b[1")
            """));

        ToolResult result = await _tool.With("NO_COLOR", "1").RunAtTerminalAsync(80, "run", reply);

        Assert.DoesNotContain(result.Output, c => char.IsControl(c) && c is not ('\r' or '\n'));
        Assert.DoesNotContain('\u202e', result.Output);
        Assert.Contains("␛]0;title␇␛[2J␛[H␛[6n␛[5n<U+009B>31m<U+202E>reversed␛Pq␛\\␈␈", result.Output, StringComparison.Ordinal);
        Assert.Contains("␛[1", result.Output, StringComparison.Ordinal);

        // Through a pipe, its bytes are its own, and a program that passes them on lets the terminal obey.
        using ToolProcess canary = _tool.StartShellAtTerminal("\"$TOOL\" run \"$1\" 2>&1 | cat", reply);
        Assert.Contains("\u001b]0;title\u0007\u001b[2J", (await canary.EndAsync()).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_programs_colours_end_with_its_block()
    {
        ToolResult result = await _tool.RunAtTerminalAsync(80, "run", _folder.Save(Replies.Python("print('\\x1b[31mred')")));

        Assert.Contains($"{Escape}[31mred\r\n{Escape}[0m{Escape}[32m✓", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Standard_error_is_safe_at_a_terminal_though_standard_output_is_a_file()
    {
        string reply = _folder.Save(Replies.Python("import sys; print('\\x1b[2Jout'); print('\\x1b[2Jerror', file=sys.stderr)"));

        using ToolProcess process = _tool.StartShellAtTerminal("\"$TOOL\" run \"$1\" >\"$2\"", reply, _folder["output"]);

        Assert.Equal(["--- 1/1 python ---", "␛[2Jerror"], (await process.EndAsync()).Lines);
        Assert.Equal($"{Escape}[2Jout\n", await File.ReadAllTextAsync(_folder["output"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Only_the_first_of_many_files_are_shown()
    {
        ToolResult result = await _tool.With("NO_COLOR", "1").RunAtTerminalAsync(
            80, "run", _folder.Save(Replies.Of(("bash", "touch {10..59}"))), "--work-dir", _folder["work"]);

        Assert.Equal(["Files", "  10    0 bytes", "  11    0 bytes"], result.Lines.Skip(2).Take(3));
        Assert.Equal("  and 30 more", result.Lines[^1]);
    }

    public void Dispose()
    {
        _tool.Dispose();
        _folder.Dispose();
    }

    private static IEnumerable<string> WithoutDurations(ToolResult result) =>
        result.Lines.Select(l => System.Text.RegularExpressions.Regex.Replace(l, @"\d+ ms$|\d+\.\d s$", "# ms"));
}
