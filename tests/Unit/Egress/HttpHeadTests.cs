using System.Text;
using Glovebox.Egress;

namespace Glovebox.Tests.Unit.Egress;

public sealed class HttpHeadTests
{
    [Fact]
    public void A_head_is_read()
    {
        HttpHead head = Parse("POST /a?b HTTP/1.1", "Host: good.test", "Content-Length: 5", "X-A:  b c \t", "Expect: 100-continue");
        Assert.Equal(("POST", "/a?b", "good.test", 5, true, true), (head.Method, head.Target, head.Host, head.BodyLength, head.KeepsOpen, head.ExpectsContinue));
        Assert.Equal([("X-A", "b c")], head.Passed());
    }

    [Fact]
    public void What_is_of_the_connection_is_not_passed_on()
    {
        HttpHead head = Parse(
            "GET / HTTP/1.1", "Host: a", "Connection: close, X-Hop", "X-Hop: 1", "Proxy-Authorization: x", "TE: trailers", "Keep-Alive: 1",
            "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", "Upgrade: h2c", "X-Stays: 1");
        Assert.Equal([("X-Stays", "1")], head.Passed());
        Assert.False(head.KeepsOpen);
        Assert.False(head.IsWebSocket);
    }

    /// <summary>The list was split again for each header: 62 KB of a request took the host 186 MB.</summary>
    [Fact]
    public void A_long_list_of_what_is_of_the_connection_costs_little()
    {
        string[] headers = [.. Enumerable.Range(0, 190).Select(i => $"X-{i}: 1")];
        HttpHead head = Parse(["GET / HTTP/1.1", "Host: a", $"Connection: {string.Join(',', Enumerable.Repeat("a", 30_000))}", .. headers]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(190, head.Passed().Count());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1", true)]
    [InlineData("GET / HTTP/1.0", false)]
    public void Only_the_newer_version_keeps_a_connection_unasked(string line, bool keeps) =>
        Assert.Equal(keeps, Parse(line, "Host: a").KeepsOpen);

    [Theory]
    [InlineData("GET  / HTTP/1.1")]
    [InlineData("GET / HTTP/2.0")]
    [InlineData("GET / http/1.1")]
    [InlineData("GET /")]
    [InlineData(" GET / HTTP/1.1")]
    [InlineData("G(T / HTTP/1.1")]
    [InlineData("GET /a\tb HTTP/1.1")]
    [InlineData("GET / HTTP/1.1", "Host: a", "Host: b")]
    [InlineData("GET / HTTP/1.1", "Host : a")]
    [InlineData("GET / HTTP/1.1", " Host: a")]
    [InlineData("GET / HTTP/1.1", "X: a", "  folded")]
    [InlineData("GET / HTTP/1.1", "NoColon")]
    [InlineData("GET / HTTP/1.1", ": value")]
    [InlineData("GET / HTTP/1.1", "X: a\nY: b")]
    [InlineData("GET / HTTP/1.1", "X: a\rY: b")]
    [InlineData("GET / HTTP/1.1", "X: a\0")]
    [InlineData("GET / HTTP/1.1", "X: \u001b[2J")]
    [InlineData("POST / HTTP/1.1", "Content-Length: 1", "Content-Length: 1")]
    [InlineData("POST / HTTP/1.1", "Content-Length: 1", "content-length: 2")]
    [InlineData("POST / HTTP/1.1", "Content-Length: 1, 1")]
    [InlineData("POST / HTTP/1.1", "Content-Length: +1")]
    [InlineData("POST / HTTP/1.1", "Content-Length: 0x1")]
    [InlineData("POST / HTTP/1.1", "Content-Length: ")]
    [InlineData("POST / HTTP/1.1", "Content-Length: 99999999999999999999")]
    [InlineData("POST / HTTP/1.1", "Content-Length: 1", "Transfer-Encoding: chunked")]
    [InlineData("POST / HTTP/1.1", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")]
    [InlineData("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked")]
    [InlineData("POST / HTTP/1.1", "Transfer-Encoding: xchunked")]
    [InlineData("POST / HTTP/1.1", "Transfer-Encoding: identity")]
    [InlineData("POST / HTTP/1.0", "Transfer-Encoding: chunked")]
    public void What_servers_may_read_differently_is_refused(params string[] lines) =>
        Assert.Equal("bad-request", Assert.Throws<EgressRefusal>(() => Parse(lines)).Reason);

    [Fact]
    public void More_than_200_headers_are_refused() =>
        Assert.Throws<EgressRefusal>(() => Parse(["GET / HTTP/1.1", .. Enumerable.Range(0, 201).Select(i => $"X{i}: 1")]));

    [Theory]
    [InlineData("good.test:443", null, "good.test", 443)]
    [InlineData("[::1]:8080", null, "[::1]", 8080)]
    [InlineData("good.test", 80, "good.test", 80)]
    [InlineData("[::1]", 80, "[::1]", 80)]
    public void An_authority_is_a_host_and_a_port(string text, int? defaultPort, string host, int port) =>
        Assert.Equal((host, port), Authority.Split(text, defaultPort));

    [Theory]
    [InlineData("good.test")]
    [InlineData("good.test:")]
    [InlineData("good.test:0")]
    [InlineData("good.test:65536")]
    [InlineData("good.test:+80")]
    [InlineData("good.test: 80")]
    [InlineData("good.test:80x")]
    public void What_has_no_port_is_no_place_to_connect_to(string text) => Assert.Throws<EgressRefusal>(() => Authority.Split(text, null));

    [Theory]
    [InlineData("http://good.test", "good.test", 80, "/")]
    [InlineData("HTTP://good.test:81/a?b", "good.test", 81, "/a?b")]
    [InlineData("http://good.test?b", "good.test", 80, "/?b")]
    [InlineData("http://[::1]/a", "[::1]", 80, "/a")]
    [InlineData("http://user@good.test/", "user@good.test", 80, "/")]
    public void An_address_is_taken_apart(string address, string host, int port, string target) =>
        Assert.Equal((host, port, target), Authority.SplitAddress(address));

    [Theory]
    [InlineData("/a")]
    [InlineData("https://good.test/")]
    [InlineData("ftp://good.test/")]
    [InlineData("http:/good.test")]
    [InlineData("http://good.test#a")]
    [InlineData("http://evil.test#@good.test/")]
    public void What_is_no_address_for_a_proxy_is_refused(string address) => Assert.Throws<EgressRefusal>(() => Authority.SplitAddress(address));

    private static HttpHead Parse(params string[] lines) => HttpHead.Parse(Encoding.ASCII.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n"));
}
