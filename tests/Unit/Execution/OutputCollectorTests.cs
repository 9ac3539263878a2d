using System.Text;
using Glovebox.Execution;

namespace Glovebox.Tests.Unit.Execution;

/// <summary>What becomes of the bytes that a program prints.</summary>
public sealed class OutputCollectorTests
{
    private const OutputStream Out = OutputStream.StandardOutput;
    private const OutputStream Err = OutputStream.StandardError;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("61 FF 62 C0 80 63", "a\uFFFDb\uFFFD\uFFFDc")]
    [InlineData("63 E2 82", "c\uFFFD")]
    [InlineData("61 00 62 0A", "a\0b\n")]
    [InlineData("31 0D 0A 32 0D 33", "1\r\n2\r3")]
    [InlineData("1B 5B 33 31 6D 72", "\u001b[31mr")]
    [InlineData("EF BB BF 62", "\uFEFFb")]
    [InlineData("67 C3 BC F0 9F 98 80", "gü😀")]
    [InlineData("", "")]
    [InlineData("0A 0A", "\n\n")]
    public void Any_bytes_become_text_however_they_are_cut(string hex, string expected)
    {
        byte[] bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        for (int piece = 1; piece <= bytes.Length + 1; piece++)
        {
            OutputCollector collector = new(1024, 0);
            foreach (byte[] part in bytes.Chunk(piece))
            {
                collector.Write(Out, part);
            }

            collector.Complete(null);
            Assert.Equal((expected, expected, "", false), (collector.Combined, collector.StandardOutput, collector.StandardError, collector.Truncated));
        }
    }

    [Fact]
    public void A_character_in_pieces_is_whole_though_the_other_stream_comes_between()
    {
        OutputCollector collector = new(1024, 0);
        foreach (byte b in "€"u8.ToArray())
        {
            collector.Write(Out, [b]);
            collector.Write(Err, "."u8);
        }

        collector.Complete(null);
        Assert.Equal(("€", "...", "..€."), (collector.StandardOutput, collector.StandardError, collector.Combined));
    }

    /// <summary>Whatever the sizes of bound and pieces: the first half, a mark with the right count, the last half.</summary>
    [Theory]
    [InlineData(1024, 1)]
    [InlineData(1024, 7)]
    [InlineData(1024, 700)]
    [InlineData(1024, 100_000)]
    [InlineData(1025, 513)]
    [InlineData(5000, 4096)]
    public void Long_output_keeps_its_head_and_tail_and_marks_the_gap(int bound, int piece)
    {
        string text = string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i:d6}\n"));
        OutputCollector collector = Collect(bound, piece, text);
        int tail = bound / 2, head = bound - tail;
        string mark = $"[... {text.Length - bound} bytes dropped ...]\n";
        string start = text[..head];
        Assert.Equal(start + (start.EndsWith('\n') ? "" : "\n") + mark + text[^tail..], collector.Combined);
        Assert.Equal(collector.Combined, collector.StandardOutput);
        Assert.True(collector.Truncated);
    }

    [Theory]
    [InlineData(1024, 1)]
    [InlineData(1024, 1000)]
    [InlineData(1024, 2000)]
    public void Output_as_long_as_the_bound_is_whole(int bound, int piece)
    {
        string text = new('x', bound);
        OutputCollector collector = Collect(bound, piece, text);
        Assert.Equal((text, false), (collector.Combined, collector.Truncated));
        Assert.True(Collect(bound, piece, text + "x").Truncated);
    }

    [Fact]
    public void A_gap_cuts_no_character_in_half()
    {
        for (int lead = 0; lead < 4; lead++)
        {
            OutputCollector collector = Collect(1024, 50, new string('x', lead) + string.Concat(Enumerable.Repeat("€", 1000)));
            Assert.DoesNotContain('\uFFFD', collector.Combined);
            string[] lines = collector.Combined.Split('\n');
            int missing = lead + 3000 - Encoding.UTF8.GetByteCount(lines[0] + lines[2]);
            Assert.Equal($"[... {missing} bytes dropped ...]", lines[1]);
        }
    }

    [Fact]
    public void Both_streams_share_the_bound_and_each_says_what_it_lost()
    {
        OutputCollector collector = new(1024, 0);
        for (int i = 0; i < 1000; i++)
        {
            collector.Write(Out, "oooooooooo"u8);
            collector.Write(Err, "eeeeeeeeee"u8);
        }

        collector.Complete("done.");
        const string mark = "[... 9488 bytes dropped ...]\n";
        Assert.All([collector.StandardOutput, collector.StandardError], text => Assert.Single(text.Split('\n'), line => line + "\n" == mark));
        Assert.Equal(2, collector.Combined.Split('\n').Count(line => line + "\n" == mark));
        Assert.EndsWith("\ndone.\n", collector.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("done.", collector.StandardOutput, StringComparison.Ordinal);
        string kept = collector.Combined.Replace(mark, "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
        Assert.Equal(1024 + "done.".Length, kept.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public void A_stream_that_lost_nothing_has_no_mark(int piece)
    {
        foreach ((OutputStream flooded, OutputStream spared) in new[] { (Err, Out), (Out, Err) })
        {
            OutputCollector collector = new(1024, 0);
            collector.Write(spared, "fi€"u8[..3]);
            foreach (byte[] part in Encoding.ASCII.GetBytes(new string('x', 100_000)).Chunk(piece))
            {
                collector.Write(flooded, part);
            }

            collector.Write(spared, "fi€"u8[3..]);
            collector.Write(spared, "rst\n"u8);
            collector.Complete(null);
            bool isError = flooded == Err;
            Assert.Equal("fi€rst\n", isError ? collector.StandardOutput : collector.StandardError);
            Assert.Equal(
                $"[... {100_000 + 9 - 1024} bytes dropped ...]",
                (isError ? collector.StandardError : collector.StandardOutput).Split('\n').Single(line => line.StartsWith('[')));
            Assert.Single(collector.Combined.Split('\n'), line => line.StartsWith('['));
            Assert.True(collector.Truncated);
        }
    }

    [Fact]
    public async Task The_pieces_of_a_stream_are_its_text_where_a_mark_follows_an_open_line()
    {
        OutputCollector collector = new(1024, 0);
        collector.Write(Out, Encoding.ASCII.GetBytes(new string('o', 500)));
        collector.Write(Err, Encoding.ASCII.GetBytes(new string('e', 11) + "\n"));
        collector.Write(Out, Encoding.ASCII.GetBytes(new string('o', 5000)));
        collector.Complete(null);
        string pieces = "";
        await foreach (CodeExecutionUpdate update in collector.ReadAllAsync(Ct))
        {
            pieces += update is OutputReceivedUpdate { Stream: Out } output ? output.Text : "";
        }

        Assert.Equal(collector.StandardOutput, pieces);
        Assert.Equal(new string('o', 500) + "\n[... 4488 bytes dropped ...]\n" + new string('o', 512), pieces);
    }

    [Fact]
    public async Task A_reader_of_the_whole_output_gets_it_at_once_though_less_is_kept()
    {
        OutputCollector collector = new(1024, 0, maxUnread: 100_000);
        await using IAsyncEnumerator<CodeExecutionUpdate> reader = collector.ReadAllAsync(Ct).GetAsyncEnumerator(Ct);
        string read = "", written = "";
        for (int i = 0; i < 50; i++)
        {
            string text = $"{i}: " + string.Concat(Enumerable.Repeat("€", 1000)) + "\n";
            foreach (byte[] piece in Encoding.UTF8.GetBytes(text).Chunk(700))
            {
                collector.Write(Out, piece);
            }

            written += text;
            Assert.True(await reader.MoveNextAsync());
            read += ((OutputReceivedUpdate)reader.Current).Text;
        }

        Assert.Equal(written, read);
        collector.Complete("Ended.");
        Assert.True(await reader.MoveNextAsync());
        Assert.Equal("Ended.\n", ((OutputReceivedUpdate)reader.Current).Text);
        Assert.False(await reader.MoveNextAsync());
        Assert.Contains(" bytes dropped ...]\n", collector.StandardOutput, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(collector.Combined), 1000, 1100);
    }

    [Fact]
    public async Task A_reader_that_falls_behind_is_told_what_it_missed()
    {
        OutputCollector collector = new(1024, 0, maxUnread: 1000);
        collector.Write(Out, Encoding.ASCII.GetBytes(new string('a', 900)));
        collector.Write(Out, Encoding.UTF8.GetBytes(new string('é', 200)));
        collector.Write(Err, "e"u8);
        collector.Complete(null);
        List<OutputReceivedUpdate> updates = [];
        await foreach (CodeExecutionUpdate update in collector.ReadAllAsync(Ct))
        {
            updates.Add((OutputReceivedUpdate)update);
        }

        Assert.Equal(
            [(Out, new string('a', 900), 0), (Err, "e", 0), (Out, "\n[... 400 bytes dropped ...]\n", 400L)],
            updates.Select(u => (u.Stream, u.Text, u.DroppedBytes)));
    }

    [Fact]
    public void A_notice_stands_on_a_line_of_its_own_and_nothing_comes_after_the_end()
    {
        OutputCollector collector = new(1024, 0);
        collector.Write(Out, "no line end"u8);
        collector.Complete("Ended.");
        collector.Write(Out, "late"u8);
        collector.Complete("Twice.");
        Assert.Equal(("no line end\nEnded.\n", "no line end", "Ended.\n"), (collector.Combined, collector.StandardOutput, collector.StandardError));
    }

    [Fact]
    public void What_was_cleared_is_gone_and_makes_room()
    {
        OutputCollector collector = new(1024, 0);
        collector.Write(Out, Encoding.ASCII.GetBytes(new string('x', 5000)));
        collector.Clear();
        collector.Write(Out, "new"u8);
        collector.Complete(null);
        Assert.Equal(("new", false), (collector.Combined, collector.Truncated));
    }

    [Fact]
    public async Task A_slow_reader_gets_larger_pieces_whose_text_is_the_output()
    {
        OutputCollector collector = new(1024, 7);
        collector.Write(Out, "a"u8);
        collector.Write(Out, "b"u8);
        collector.Write(Err, "c"u8);
        collector.Write(Out, "d"u8);
        collector.Complete(null);
        List<OutputReceivedUpdate> updates = [];
        await foreach (CodeExecutionUpdate update in collector.ReadAllAsync(Ct))
        {
            updates.Add(Assert.IsType<OutputReceivedUpdate>(update));
        }

        Assert.Equal([("ab", Out), ("c", Err), ("d", Out)], updates.Select(u => (u.Text, u.Stream)));
        Assert.All(updates, u => Assert.Equal(7, u.BlockIndex));
    }

    private static OutputCollector Collect(int bound, int piece, string text)
    {
        OutputCollector collector = new(bound, 0);
        foreach (byte[] part in Encoding.UTF8.GetBytes(text).Chunk(piece))
        {
            collector.Write(Out, part);
        }

        collector.Complete(null);
        return collector;
    }
}
