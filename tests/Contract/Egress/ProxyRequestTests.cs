using System.Net.Sockets;
using System.Text;
using Glovebox.Egress;
using Glovebox.Tests.Common.Egress;

namespace Glovebox.Tests.Contract.Egress;

/// <summary>Requests by which guest code wants the server to read something else than the proxy has judged.</summary>
public sealed class ProxyRequestTests : IAsyncLifetime
{
    private readonly EgressLab _lab = new();
    private ProxyOnHost _proxy = null!;

    private string Good => $"good.test:{_lab.Plain.Port}";

    public async ValueTask InitializeAsync() => _proxy = await ProxyOnHost.StartAsync(
        _lab.Policy("good.test@ private", "GET,POST only.test@/public private"), _lab.Configure);

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _lab.DisposeAsync();
    }

    /// <summary>What the proxy does not understand in the one way that everybody does.</summary>
    public static TheoryData<string, string> Ambiguous => new()
    {
        { "two lengths", "POST {url} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello" },
        { "two lengths in one", "POST {url} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5, 5\r\n\r\nhello" },
        { "a signed length", "POST {url} HTTP/1.1\r\nHost: {host}\r\nContent-Length: +5\r\n\r\nhello" },
        { "a negative length", "POST {url} HTTP/1.1\r\nHost: {host}\r\nContent-Length: -5\r\n\r\nhello" },
        { "a length in hexadecimal", "POST {url} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0x5\r\n\r\nhello" },
        { "a length beyond all", "POST {url} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999999999999\r\n\r\nhello" },
        {
            "a length and chunks",
            "POST {url} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        },
        { "an unknown coding", "POST {url} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" },
        { "two codings", "POST {url} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" },
        {
            "two headers of codings",
            "POST {url} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"
        },
        { "a coding before a vertical tab", "POST {url} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" },
        { "chunks in HTTP/1.0", "POST {url} HTTP/1.0\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "a space before the colon", "POST {url} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n" },
        { "a folded header", "GET {url} HTTP/1.1\r\nHost: {host}\r\nX-A: b\r\n Transfer-Encoding: chunked\r\n\r\n" },
        { "a bare LF between headers", "GET {url} HTTP/1.1\r\nHost: {host}\nX-A: b\r\n\r\n" },
        { "a bare CR in a header", "GET {url} HTTP/1.1\r\nHost: {host}\r\nX-A: b\rX-B: c\r\n\r\n" },
        { "NUL in a header", "GET {url} HTTP/1.1\r\nHost: {host}\r\nX-A: b\0\r\n\r\n" },
        { "a header without a name", "GET {url} HTTP/1.1\r\nHost: {host}\r\n: b\r\n\r\n" },
        { "a header without a colon", "GET {url} HTTP/1.1\r\nHost: {host}\r\nX-A\r\n\r\n" },
        { "an empty line first", "\r\nGET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "two spaces in the first line", "GET  {url} HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "a tab in the first line", "GET\t{url} HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "no version", "GET {url}\r\nHost: {host}\r\n\r\n" },
        { "version 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
        { "two hosts", "GET {url} HTTP/1.1\r\nHost: {host}\r\nHost: evil.test\r\n\r\n" },
        { "a fragment", "GET {url}#x HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "a path alone", "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "another scheme", "GET ftp://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "the proxy's TLS", "GET https://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "letters that are no ASCII", "GET {url}\u00e9 HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "a tunnel in small letters", "connect {host} HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "a tunnel with a path", "CONNECT {url} HTTP/1.1\r\nHost: {host}\r\n\r\n" },
        { "a tunnel without a port", "CONNECT good.test HTTP/1.1\r\nHost: good.test\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Ambiguous))]
    public async Task What_two_servers_may_read_differently_is_refused_and_reaches_none(string what, string request)
    {
        string answer = await AskAsync(request);
        Assert.True(answer.StartsWith("HTTP/1.1 400 ", StringComparison.Ordinal), $"{what}: {answer}");
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
        Assert.Empty(_lab.Plain.Requests);
        Assert.Contains(_proxy.Events, e => e is { Kind: EgressEventKind.Refused, Reason: "bad-request" or "bad-name" });
        Assert.DoesNotContain(_proxy.Events, e => e.Kind == EgressEventKind.Allowed);
    }

    [Theory]
    [InlineData("5;evil=1\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5 \r\nhello\r\n0\r\n\r\n")]
    [InlineData("0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("-5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello0\r\n\r\n")]
    [InlineData("5\r\nhello\n0\r\n\r\n")]
    [InlineData("100000005\r\nhello\r\n0\r\n\r\n")]
    [InlineData("\r\nhello\r\n0\r\n\r\n")]
    public async Task Chunks_that_are_written_oddly_end_the_connection_and_no_request_of_them_is_complete(string chunks)
    {
        string answer = await AskAsync(
            $"POST {{url}}body HTTP/1.1\r\nHost: {{host}}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
            + "GET {url}smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
        Assert.Empty(_lab.Plain.Requests);
    }

    [Fact]
    public async Task Chunks_are_written_anew_and_what_follows_them_is_a_request_that_is_judged()
    {
        string answer = await AskAsync(
            "POST {url}body HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: Chunked\r\nTrailer: Host\r\n\r\n"
            + "5\r\nhello\r\n00001\r\n!\r\n0\r\nHost: evil.test\r\n\r\n"
            + "GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"
            + "GET {url}echo HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal(["200", "403", "200"], answer.Split("HTTP/1.1 ").Skip(1).Take(3).Select(a => a[..3]));
        Assert.Equal(2, _lab.Plain.Requests.Count);
        string first = _lab.Plain.Requests.First();
        Assert.EndsWith("\r\n\r\nhello!", first, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", first, StringComparison.Ordinal);
        Assert.DoesNotContain("Trailer", first, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_request_within_the_body_of_another_stays_a_body()
    {
        string inner = $"GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n";
        string answer = await AskAsync($"POST {{url}}body HTTP/1.1\r\nHost: {{host}}\r\nContent-Length: {inner.Length}\r\n\r\n{inner}");
        Assert.EndsWith(inner, answer, StringComparison.Ordinal);
        Assert.Single(_lab.Plain.Requests);
        Assert.DoesNotContain(_proxy.Events, e => e.Kind == EgressEventKind.Refused);
    }

    [Fact]
    public async Task Headers_of_one_connection_and_those_that_the_guest_names_so_are_not_sent_on()
    {
        await AskAsync(
            "GET {url}echo HTTP/1.1\r\nHost: {host}\r\nConnection: close, X-Drop, Host\r\nX-Drop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
            + "Proxy-Authorization: Basic x\r\nProxy-Connection: close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"
            + "X-Kept: 1\r\nX-Kept: 2\r\n\r\n");
        string[] lines = Assert.Single(_lab.Plain.Requests).Trim().Split("\r\n");
        Assert.Equal(
            ["GET /echo HTTP/1.1", $"Host: {Good}", "X-Kept: 1", "X-Kept: 2"],
            lines.SelectMany(l => l.Replace("1, 2", "1\r\nX-Kept: 2", StringComparison.Ordinal).Split("\r\n"))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_method_that_is_long_is_told_in_part()
    {
        await AskAsync($"{new string('M', 60_000)} {{url}} HTTP/1.1\r\nHost: {{host}}\r\n\r\n");
        Assert.Equal(255, Assert.Single(_proxy.Events, e => e.Kind == EgressEventKind.Allowed).Method!.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")]
    public async Task A_tunnel_is_told_of_whether_anything_is_sent_in_it_or_not(string sent)
    {
        await AskAsync($"CONNECT {{host}} HTTP/1.1\r\nHost: {{host}}\r\n\r\n{sent}");
        Assert.Equal("good.test", Assert.Single(_proxy.Events, e => e.Kind == EgressEventKind.Allowed).Host);
    }

    [Fact]
    public async Task Http_2_without_TLS_is_not_begun_by_an_upgrade()
    {
        string answer = await AskAsync(
            "GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            + "HTTP2-Settings: AAMAAABk\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("pgrade", Assert.Single(_lab.Plain.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_changes_the_protocol_unasked_is_a_failure_that_is_told()
    {
        string answer = await AskAsync("GET {url}switch HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 502 ", answer, StringComparison.Ordinal);
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
        EgressEvent refused = Assert.Single(_proxy.Events, e => e.Kind == EgressEventKind.Refused);
        Assert.Equal(("good.test", "bad-response"), (refused.Host, refused.Reason));
    }

    [Fact]
    public async Task An_answer_that_the_server_does_not_finish_is_not_finished_for_the_guest()
    {
        string answer = await AskAsync("GET {url}cut HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.EndsWith("Content-Length: 100\r\nConnection: keep-alive\r\n\r\nhalf", answer, StringComparison.Ordinal);
    }

    /// <summary>The proxy goes by the address alone (RFC 9112, 3.2.2): node's <c>http.get</c> with a proxy as its host names the
    /// proxy.</summary>
    [Theory]
    [InlineData("Host: evil.test\r\n")]
    [InlineData("Host: good.test:1\r\n")]
    [InlineData("Host: evil.test@{host}\r\n")]
    [InlineData("Host: 127.0.0.1:3128\r\n")]
    [InlineData("Host:\r\n")]
    [InlineData("")]
    public async Task The_server_gets_the_host_of_the_address_whatever_the_guest_calls_it(string header)
    {
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync($"GET {{url}} HTTP/1.1\r\n{header}\r\n"), StringComparison.Ordinal);
        string[] lines = Assert.Single(_lab.Plain.Requests).Split("\r\n");
        Assert.Equal([$"Host: {Good}"], lines.Where(l => l.StartsWith("Host:", StringComparison.OrdinalIgnoreCase)));
        Assert.Equal(["good.test"], _lab.Resolved.Distinct());
    }

    [Fact]
    public async Task A_redirect_is_for_the_guest_to_follow_and_then_judged()
    {
        string answer = await AskAsync(
            "GET {url}to/http://evil.test/ HTTP/1.1\r\nHost: {host}\r\n\r\n"
            + "GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n");
        Assert.Contains("Location: http://evil.test/\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("HTTP/1.1 403 evil.test:80 is not an allowed domain.\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("evil.test", _lab.Resolved);
    }

    [Theory]
    [InlineData("GET", "/public", true)]
    [InlineData("GET", "/public/", true)]
    [InlineData("GET", "/public/a?b=/../c", true)]
    [InlineData("POST", "/public", true)]
    [InlineData("DELETE", "/public", false)]
    [InlineData("get", "/public", false)]
    [InlineData("GETS", "/public", false)]
    [InlineData("GET", "/", false)]
    [InlineData("GET", "/publicity", false)]
    [InlineData("GET", "/PUBLIC", false)]
    [InlineData("GET", "/public/../secret", false)]
    [InlineData("GET", "/public/%2e%2e/secret", false)]
    [InlineData("GET", "/public/%2E./secret", false)]
    [InlineData("GET", "/public/..%2fsecret", false)]
    [InlineData("GET", "/public/..%5csecret", false)]
    [InlineData("GET", "/public/..\\secret", false)]
    [InlineData("GET", "/public/%252e%252e/secret", false)]
    [InlineData("GET", "/public/..;/secret", false)]
    [InlineData("GET", "/public//secret", false)]
    [InlineData("GET", "//public", false)]
    [InlineData("GET", "/secret/../public", false)]
    [InlineData("GET", "/public%00", false)]
    [InlineData("GET", "?/public", false)]
    public async Task A_rule_with_methods_and_a_path_is_not_got_around(string method, string path, bool isAllowed)
    {
        string answer = await _proxy.AskAsync(
            $"{method} http://only.test:{_lab.Plain.Port}{path} HTTP/1.1\r\nHost: only.test:{_lab.Plain.Port}\r\n\r\n");
        Assert.True(answer.StartsWith(isAllowed ? "HTTP/1.1 200 " : "HTTP/1.1 403 ", StringComparison.Ordinal), answer);
        Assert.Equal(isAllowed ? 1 : 0, _lab.Plain.Requests.Count);
        if (isAllowed)
        {
            Assert.StartsWith($"{method} {path} HTTP/1.1\r\n", _lab.Plain.Requests.First(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("X-HTTP-Method-Override: DELETE")]
    [InlineData("X-HTTP-Method: DELETE")]
    [InlineData("X-Method-Override: DELETE")]
    [InlineData("X-Original-URL: /secret")]
    [InlineData("x-rewrite-url: /secret")]
    public async Task A_header_that_some_servers_take_for_another_method_or_path_is_refused_where_they_are_limited(string header)
    {
        string answer = await _proxy.AskAsync(
            $"POST http://only.test:{_lab.Plain.Port}/public HTTP/1.1\r\nHost: only.test:{_lab.Plain.Port}\r\n"
            + $"{header}\r\nContent-Length: 0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403 ", answer, StringComparison.Ordinal);
        Assert.Empty(_lab.Plain.Requests);

        // Where any request is allowed, it says nothing that was not.
        Assert.StartsWith(
            "HTTP/1.1 200 ",
            await AskAsync($"POST {{url}} HTTP/1.1\r\nHost: {{host}}\r\n{header}\r\nContent-Length: 0\r\n\r\n"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: good.test:1\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: evil.test@{host}\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "400")]
    [InlineData("GET http://evil.test/ HTTP/1.1\r\nHost: {host}\r\n\r\n", "400")]
    [InlineData("GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n", "400")]
    [InlineData("CONNECT evil.test:80 HTTP/1.1\r\nHost: {host}\r\n\r\n", "400")]
    [InlineData("CONNECT / HTTP/1.1\r\nHost: {host}\r\n\r\n", "400")]
    [InlineData("connect / HTTP/1.1\r\nHost: {host}\r\n\r\n", "400")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400")]
    [InlineData("GET /echo HTTP/1.1\r\nHost: {host}\r\n\r\n", "200")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n", "400")]
    public async Task Plain_requests_in_a_tunnel_are_to_the_host_of_the_tunnel(string request, string status)
    {
        string answer = await AskAsync($"CONNECT {{host}} HTTP/1.1\r\nHost: {{host}}\r\n\r\n{request}");
        Assert.Equal(["200", status], answer.Split("HTTP/1.1 ").Skip(1).Take(2).Select(a => a[..3]));
        Assert.Equal(status == "200" ? 1 : 0, _lab.Plain.Requests.Count);
        if (request.Contains("\r\nHost: ", StringComparison.Ordinal) && request.StartsWith("GET / ", StringComparison.Ordinal))
        {
            Assert.Equal("host-differs", Assert.Single(_proxy.Events, e => e.Kind == EgressEventKind.Refused).Reason);
        }
    }

    [Fact]
    public async Task A_body_that_waits_to_be_asked_for_is_asked_for_where_it_is_allowed()
    {
        await using NetworkStream stream = await _proxy.ConnectAsync();
        await WriteAsync($"POST http://{Good}/body HTTP/1.1\r\nHost: {Good}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await ProxyOnHost.ReadHeadAsync(stream));
        await WriteAsync("hello");
        Assert.StartsWith("HTTP/1.1 200 ", await ProxyOnHost.ReadHeadAsync(stream), StringComparison.Ordinal);
        await stream.ReadExactlyAsync(new byte[5], TestContext.Current.CancellationToken);
        await WriteAsync($"POST http://evil.test/body HTTP/1.1\r\nHost: evil.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403 ", await ProxyOnHost.ReadHeadAsync(stream), StringComparison.Ordinal);

        async Task WriteAsync(string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_refused_request_whose_body_is_cut_is_told_why()
    {
        string answer = await _proxy.AskAsync("POST http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 100\r\n\r\nhalf");
        Assert.StartsWith("HTTP/1.1 403 evil.test:80 is not an allowed domain.\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_protocol_in_a_tunnel_is_refused_unless_a_rule_says_tcp()
    {
        Assert.Contains(
            "HTTP/1.1 400 ",
            await AskAsync("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\nEHLO guest\r\nMAIL FROM:<a>\r\n\r\n"),
            StringComparison.Ordinal);
        Assert.Empty(_lab.Plain.Requests);
        await using ProxyOnHost any = await ProxyOnHost.StartAsync(_lab.Policy("good.test@ tcp private"), _lab.Configure);
        string answer = await any.AskAsync($"CONNECT {Good} HTTP/1.1\r\nHost: {Good}\r\n\r\nEHLO guest\r\n\r\n");
        Assert.Contains("\r\n\r\nHTTP/1.1 200 OK", answer, StringComparison.Ordinal);
        Assert.StartsWith("EHLO guest", Assert.Single(_lab.Plain.Requests), StringComparison.Ordinal);
    }

    private Task<string> AskAsync(string request) => _proxy.AskAsync(
        request.Replace("{url}", $"http://{Good}/", StringComparison.Ordinal).Replace("{host}", Good, StringComparison.Ordinal));
}
