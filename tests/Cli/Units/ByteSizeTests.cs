using Glovebox.Cli.Run;

namespace Glovebox.Tests.Cli.Units;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("536870912", 536870912)]
    [InlineData("1b", 1)]
    [InlineData("1k", 1024)]
    [InlineData("1KB", 1024)]
    [InlineData("1KiB", 1024)]
    [InlineData("512M", 512L << 20)]
    [InlineData("1.5G", 3L << 29)]
    [InlineData(" 2gib ", 2L << 30)]
    [InlineData("1T", 1L << 40)]
    public void A_size_is_read_as_people_write_it(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out long read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("M")]
    [InlineData("iB")]
    [InlineData("0")]
    [InlineData("0.1")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1 M")]
    [InlineData("1,5G")]
    [InlineData("1e3")]
    [InlineData("1MM")]
    [InlineData("1P")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("99999999999999999999")]
    [InlineData("9999999T")]
    public void What_is_no_size_is_refused(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1, "1 byte")]
    [InlineData(1023, "1023 bytes")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(3L << 20, "3 MiB")]
    [InlineData(5L << 40, "5 TiB")]
    [InlineData(5000L << 40, "5000 TiB")]
    public void A_size_is_written_for_the_eye(long bytes, string text) => Assert.Equal(text, ByteSize.Format(bytes));
}
