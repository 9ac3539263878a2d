using System.IO.Pipelines;
using System.Text;
using Glovebox.Egress;

namespace Glovebox.Tests.Unit.Egress;

public sealed class RequestBodyTests
{
    [Theory]
    [InlineData("hello GET", 5L, "hello")]
    [InlineData("5\r\nhello\r\n0\r\n\r\nGET", null, "hello")]
    [InlineData("5\r\nhello\r\n00A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET", null, "hello0123456789")]
    [InlineData("GET", 0L, "")]
    [InlineData("0\r\n\r\nGET", null, "")]
    public async Task A_body_ends_where_it_says(string sent, long? length, string body)
    {
        PipeReader reader = Reader(sent);
        RequestBody read = new(reader, length, () => default);
        Assert.Equal(body, await TextAsync(read));
        Assert.True(read.IsOver);
        Assert.EndsWith("GET", await TextAsync(reader.AsStream()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5;x=y\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5 \r\nhello\r\n0\r\n\r\n")]
    [InlineData("0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("+5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello\n0\r\n\r\n")]
    [InlineData("5\r\nhelloo\r\n0\r\n\r\n")]
    [InlineData("\r\n")]
    [InlineData("fffffffff\r\n")]
    [InlineData("-1\r\n")]
    public async Task Chunks_that_servers_may_read_differently_are_refused(string sent) =>
        await Assert.ThrowsAsync<EgressRefusal>(() => TextAsync(new RequestBody(Reader(sent), null, () => default)));

    [Theory]
    [InlineData("hell", 5L)]
    [InlineData("5\r\nhell", null)]
    public async Task A_body_that_is_cut_is_no_body(string sent, long? length) =>
        await Assert.ThrowsAsync<IOException>(() => TextAsync(new RequestBody(Reader(sent), length, () => default)));

    [Fact]
    public async Task A_line_without_an_end_is_refused_when_it_is_too_long() =>
        await Assert.ThrowsAsync<EgressRefusal>(() => TextAsync(new RequestBody(Reader(new string('0', 5000)), null, () => default)));

    [Fact]
    public async Task A_hundred_trailers_are_enough() => await Assert.ThrowsAsync<EgressRefusal>(
        () => TextAsync(new RequestBody(Reader("0\r\n" + string.Concat(Enumerable.Repeat("a: b\r\n", 200)) + "\r\n"), null, () => default)));

    private static PipeReader Reader(string sent) => PipeReader.Create(new MemoryStream(Encoding.ASCII.GetBytes(sent)));

    private static async Task<string> TextAsync(Stream stream)
    {
        using StreamReader reader = new(stream);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
