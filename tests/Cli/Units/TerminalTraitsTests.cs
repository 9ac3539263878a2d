using Glovebox.Cli.Output;

namespace Glovebox.Tests.Cli.Units;

public sealed class TerminalTraitsTests
{
    [Theory]
    [InlineData("TERM=xterm", true)]
    [InlineData("", true)]
    [InlineData("NO_COLOR=", true)]
    [InlineData("NO_COLOR=1", false)]
    [InlineData("TERM=dumb", false)]
    public void Colours_are_left_out_where_they_are_not_wanted_or_not_shown(string variables, bool hasColour) =>
        Assert.Equal(hasColour, Detect(variables).HasColour);

    [Theory]
    [InlineData("", false)]
    [InlineData("LANG=C", false)]
    [InlineData("LANG=C.UTF-8", true)]
    [InlineData("LANG=en_US.utf8", true)]
    [InlineData("LANG=en_US.UTF-8 LC_ALL=C", false)]
    [InlineData("LANG=C LC_CTYPE=de_DE.UTF-8 LC_ALL=", true)]
    public void The_locale_tells_whether_more_than_ASCII_is_shown(string variables, bool hasUnicode) =>
        Assert.Equal(hasUnicode, Detect(variables).HasUnicode);

    private static TerminalTraits Detect(string variables)
    {
        Dictionary<string, string> values = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(v => v.Split('=')).ToDictionary(v => v[0], v => v[1]);
        return TerminalTraits.Detect(values.GetValueOrDefault);
    }
}
