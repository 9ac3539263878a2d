using Glovebox.Egress;

namespace Glovebox.Tests.Unit.Egress;

public sealed class HostNameTests
{
    [Theory]
    [InlineData("good.test", "good.test")]
    [InlineData("GOOD.Test", "good.test")]
    [InlineData("good.test.", "good.test")]
    [InlineData("localhost", "localhost")]
    [InlineData("_dmarc.good.test", "_dmarc.good.test")]
    [InlineData("xn--bcher-kva.test", "xn--bcher-kva.test")]
    [InlineData("bücher.test", "xn--bcher-kva.test")]
    [InlineData("BÜCHER.test", "xn--bcher-kva.test")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("[2001:DB8::0:1]", "[2001:db8::1]")]
    [InlineData("[::ffff:192.0.2.1]", "192.0.2.1")]
    [InlineData("1password.test", "1password.test")]
    public void One_host_has_one_spelling(string text, string name)
    {
        Assert.True(HostName.TryParse(text, out HostName parsed));
        Assert.Equal(name, parsed.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("good.test..")]
    [InlineData("good..test")]
    [InlineData(".good.test")]
    [InlineData("good.test\0.evil.test")]
    [InlineData("evil.test#good.test")]
    [InlineData("evil.test/good.test")]
    [InlineData("evil.test\\good.test")]
    [InlineData("user@good.test")]
    [InlineData("good.test%00")]
    [InlineData("good test")]
    [InlineData("good.test\r\n")]
    [InlineData("-good.test")]
    [InlineData("good-.test")]
    [InlineData("2130706433")]
    [InlineData("0x7f.1")]
    [InlineData("0x7f000001")]
    [InlineData("127.1")]
    [InlineData("0177.0.0.1")]
    [InlineData("127.0.0.01")]
    [InlineData("127.0.0.256")]
    [InlineData("127.0.0.1.1")]
    [InlineData("good.0x1")]
    [InlineData("::1")]
    [InlineData("[::1")]
    [InlineData("[127.0.0.1]")]
    [InlineData("[fe80::1%eth0]")]
    [InlineData("[fe80::1%25eth0]")]
    [InlineData("\u00adgood.test\u2028")]
    public void What_can_be_read_in_two_ways_is_no_name(string text) => Assert.False(HostName.TryParse(text, out _));

    [Fact]
    public void Letters_that_look_alike_are_other_names()
    {
        Assert.True(HostName.TryParse("gооd.test", out HostName cyrillic));
        Assert.NotEqual("good.test", cyrillic.Text);
        Assert.StartsWith("xn--", cyrillic.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void A_label_has_at_most_63_letters(int length, bool isName) =>
        Assert.Equal(isName, HostName.TryParse(new string('a', length) + ".test", out _));

    [Fact]
    public void A_name_has_at_most_253_letters()
    {
        string name = string.Join('.', Enumerable.Repeat(new string('a', 49), 5));
        Assert.True(HostName.TryParse(name + ".aaa", out _));
        Assert.False(HostName.TryParse(name + ".aaaa", out _));
    }
}
