using System.Diagnostics;
using System.Globalization;
using Glovebox.Execution;

namespace Glovebox.Tests.Unit.Execution;

/// <summary>What a model reads of a run.</summary>
public sealed class ModelTextTests
{
    [Theory]
    [InlineData("\u001b[31mred\u001b[0m", "red")]
    [InlineData("\u001b[1;38;5;196mx\u001b[m \u001b[2K\u001b[1Ay\u001b[?25l", "x y")]
    [InlineData("\u001b]0;title\u0007a\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "alink")]
    [InlineData("\u001b(Ba\u001b=b\u001b7c\u001bMd", "abcd")]
    [InlineData("\u001bPq#0\u001b\\sixel", "sixel")]
    [InlineData("\u009b31mc1\u009d0;t\u009cx", "c1x")]
    [InlineData("cut \u001b[31", "cut ")]
    [InlineData("cut \u001b", "cut ")]
    [InlineData("\u001b]0;never ended\nshown", "0;never ended\nshown")]
    [InlineData("\u001b[31é", "[31é")]
    [InlineData("[31m and \\x1b stay", "[31m and \\x1b stay")]
    [InlineData("", "")]
    public void Terminal_sequences_are_taken_out(string text, string expected) => Assert.Equal(expected, ModelText.Clean(text));

    [Theory]
    [InlineData("\r 10%\r 50%\r100%\ndone\n", "100%\ndone\n")]
    [InlineData("10%\r100%\r\ndone", "100%\ndone")]
    [InlineData("a\r\nb\r\r\n", "a\nb\n")]
    [InlineData("10%\r\u001b[K20%\r\u001b[K", "20%")]
    [InlineData("still 99%\r", "still 99%")]
    [InlineData("\r\r\n\r", "\n")]
    [InlineData("plain\n", "plain\n")]
    public void A_line_that_was_written_again_is_as_it_was_last(string text, string expected) => Assert.Equal(expected, ModelText.Clean(text));

    [Fact]
    public void Long_text_keeps_its_beginning_and_its_end_and_says_how_much_is_between()
    {
        for (int length = 1; length < 400; length++)
        {
            string text = string.Concat(Enumerable.Range(0, length).Select(i => i.ToString("d3", CultureInfo.InvariantCulture)));
            string bound = ModelText.Bound(text, 300);
            Assert.InRange(bound.Length, 0, 300);
            if (text.Length <= 300)
            {
                Assert.Equal(text, bound);
                continue;
            }

            string[] lines = bound.Split('\n');
            Assert.Equal(3, lines.Length);
            Assert.StartsWith(lines[0], text, StringComparison.Ordinal);
            Assert.EndsWith(lines[2], text, StringComparison.Ordinal);
            Assert.Equal($"[... {text.Length - lines[0].Length - lines[2].Length} characters left out ...]", lines[1]);
        }
    }

    [Fact]
    public void No_character_is_cut_in_half()
    {
        for (int lead = 0; lead < 2; lead++)
        {
            for (int max = 200; max < 204; max++)
            {
                string bound = ModelText.Bound(new string('x', lead) + string.Concat(Enumerable.Repeat("😀", 500)), max);
                Assert.InRange(bound.Length, max - 10, max);
                Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(bound)));
            }
        }
    }

    [Fact]
    public void Hostile_text_is_cleaned_in_time()
    {
        long started = Stopwatch.GetTimestamp();
        foreach (string piece in new[] { "\u001b]", "\u009d", "\u001b[", "\u001b[0", "\r", "\u001bP\u001b]\u009b", "\u001b ", "\r\n", "\u001b]x\n", "a\r" })
        {
            string text = string.Concat(Enumerable.Repeat(piece, 4_000_000 / piece.Length));
            Assert.InRange(ModelText.Clean(text).Length, 0, text.Length);
        }

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void The_whole_text_is_bounded_whatever_is_in_it()
    {
        WorkspaceFile[] files = [.. Enumerable.Range(0, 10_000).Select(i => new WorkspaceFile($"folder/{i}\n{new string('n', 100)}", 1, default))];
        foreach (int max in new[] { CodeResult.MinMaxTextLength, 1234, CodeResult.DefaultMaxTextLength })
        {
            CodeResult result = new(
            [
                new BlockResult
                {
                    Block = new("bash", ""),
                    Language = "bash",
                    ExitCode = 1,
                    Output = string.Concat(Enumerable.Repeat("0123456789\r\n", 10_000)),
                    OutputFiles = files,
                    AreOutputFilesComplete = false,
                    Truncated = true,
                    Termination = TerminationReason.SandboxLost,
                },
            ]);
            string text = result.FormatForModel(max, [new string('a', 1000), new string('b', 1000), "never said"]);
            Assert.InRange(text.Length, max - 60, max);
            Assert.StartsWith("Exit code: 1 (the sandbox ended", text, StringComparison.Ordinal);
            Assert.Contains("\nOutput:\n0123456789\n", text, StringComparison.Ordinal);
            Assert.Contains(" characters left out ...]\n", text, StringComparison.Ordinal);
            Assert.Matches(@"Files: folder/0\\nn+ \(1 bytes\).* and \d+ more\n", text);
            Assert.Contains("There may be more files", text, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeResult([]).FormatForModel(CodeResult.MinMaxTextLength - 1));
    }

    [Fact]
    public void A_result_has_the_files_that_are_left_at_its_end()
    {
        CodeResult result = new([Block(["a", "b", "c"], []), Block(["b"], ["a", "c"]), Block(["c"], []), Block([], ["not made here"])]);
        Assert.Equal(["b", "c"], result.OutputFiles.Select(f => f.Path));
        Assert.True(result.AreOutputFilesComplete);

        static BlockResult Block(string[] made, string[] deleted) => new()
        {
            Block = new("bash", ""),
            Language = "bash",
            ExitCode = 0,
            OutputFiles = [.. made.Select(m => new WorkspaceFile(m, 1, default))],
            DeletedFiles = deleted,
        };
    }
}
