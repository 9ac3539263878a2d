using Glovebox.Cli.Mcp;

namespace Glovebox.Tests.Cli.Units;

/// <summary>Output as messages of whole lines.</summary>
public sealed class WholeLinesTests
{
    [Fact]
    public void Lines_are_given_when_they_are_whole_and_the_rest_at_the_end()
    {
        WholeLines lines = new();
        string[] given = [lines.Add("a"), lines.Add("b\nc"), lines.Add("d"), lines.Add("e\nf\ng"), lines.End()];
        Assert.Equal(["", "ab\n", "", "cde\nf\n", "g"], given);
        Assert.Equal("", lines.End());
    }

    [Fact]
    public void A_line_without_an_end_does_not_wait_for_ever()
    {
        WholeLines lines = new();
        string[] given = [.. Enumerable.Range(0, 10_000).Select(_ => lines.Add("x")), lines.End()];
        Assert.Equal(10_000, given.Sum(t => t.Length));
        Assert.InRange(given.Max(t => t.Length), 1000, 10_000 - 1);
    }
}
