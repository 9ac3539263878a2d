using Glovebox.Cli.Output;

namespace Glovebox.Tests.Cli.Units;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("plain ä中😀\ttab\r\n")]
    [InlineData("\u001b[m\u001b[0m\u001b[1;31mred\u001b[38;2;1;2;3m\u001b[4:3m")]
    [InlineData("👨‍👩‍👧 \u05d0\u200f")]
    public void Text_and_colours_pass(string text) => Assert.Equal(text, new TerminalText(passesColours: true).Clean(text));

    [Fact]
    public void Colours_that_are_not_wanted_are_left_out() =>
        Assert.Equal("red", new TerminalText(passesColours: false).Clean("\u001b[1;31mred\u001b[m"));

    [Theory]
    [InlineData("\u001b[2J", "␛[2J")]
    [InlineData("\u001b]0;title\u0007", "␛]0;title␇")]
    [InlineData("\u001b]8;;http://x\u001b\\", "␛]8;;http://x␛\\")]
    [InlineData("\u001b\u001b[31m", "␛\u001b[31m")]
    [InlineData("\u001b[\u001b[31m", "␛[\u001b[31m")]
    [InlineData("\u001b[31", "")]
    [InlineData("\u001b[?25h", "␛[?25h")]
    [InlineData("\u001b[31 m", "␛[31 m")]
    [InlineData("\u001bc", "␛c")]
    [InlineData("a\0b\b\u007f", "a␀b␈␡")]
    [InlineData("\u0085\u009b31m", "<U+0085><U+009B>31m")]
    [InlineData("\u202a\u202e\u2066\u2069", "<U+202A><U+202E><U+2066><U+2069>")]
    public void What_a_terminal_would_obey_is_shown(string text, string shown) =>
        Assert.Equal(shown, new TerminalText(passesColours: true).Clean(text));

    [Fact]
    public void A_colour_longer_than_any_is_none()
    {
        string text = "\u001b[" + new string('1', 40) + "m";

        Assert.Equal('␛' + text[1..], new TerminalText(passesColours: true).Clean(text));
    }

    [Theory]
    [InlineData("a\u001b[1;31mb")]
    [InlineData("\u001b[2J\u001b[31")]
    [InlineData("\u001b\u001b\u001b[0m\u001b]")]
    [InlineData("\u001b[999999999999999999999999999999999999")]
    public void Where_a_text_is_cut_makes_no_difference(string text)
    {
        TerminalText whole = new(passesColours: true);
        string expected = whole.Clean(text) + whole.End();
        for (int at = 0; at <= text.Length; at++)
        {
            TerminalText cut = new(passesColours: true);
            Assert.Equal(expected, cut.Clean(text[..at]) + cut.Clean(text[at..]) + cut.End());
        }

        TerminalText single = new(passesColours: true);
        Assert.Equal(expected, string.Concat(text.Select(c => single.Clean(c.ToString()))) + single.End());
    }

    [Fact]
    public void The_end_shows_what_was_held_back_once()
    {
        TerminalText text = new(passesColours: true);

        Assert.Equal("a", text.Clean("a\u001b[3"));
        Assert.Equal("␛[3", text.End());
        Assert.Equal("", text.End());
        Assert.Equal("1m", text.Clean("1m"));
    }

    [Theory]
    [InlineData("name.txt", "name.txt")]
    [InlineData("a\nb\tc\rd", "a␊b␉c␍d")]
    [InlineData("\u001b[31mred", "␛[31mred")]
    [InlineData("a\u200bb\u2028c\ufeffd", "a<U+200B>b<U+2028>c<U+FEFF>d")]
    [InlineData("tag\U000e0041", "tag<U+E0041>")]
    public void A_line_stays_one_and_hides_nothing(string text, string shown) => Assert.Equal(shown, TerminalText.Line(text));

    [Fact]
    public void Half_a_character_is_replaced() => Assert.Equal("a\ufffd", TerminalText.Line("a\ud800"));
}
