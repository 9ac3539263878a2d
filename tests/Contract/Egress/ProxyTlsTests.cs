using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Glovebox.Egress;
using Glovebox.Tests.Common.Egress;

namespace Glovebox.Tests.Contract.Egress;

/// <summary>TLS through the proxy, and TLS that it ends.</summary>
public sealed class ProxyTlsTests : IAsyncLifetime
{
    private readonly EgressLab _lab = new();
    private ProxyOnHost _proxy = null!;

    private string Good => $"good.test:{_lab.Tls.Port}";

    private string Api => $"api.test:{_lab.Tls.Port}";

    /// <summary>TLS to <c>good.test</c> is carried, TLS to <c>api.test</c> is ended.</summary>
    public async ValueTask InitializeAsync() => _proxy = await ProxyOnHost.StartAsync(
        _lab.Policy("good.test@ private", "GET api.test@ private"), _lab.Configure);

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _lab.DisposeAsync();
    }

    [Fact]
    public async Task TLS_to_a_host_whose_requests_are_not_limited_is_the_servers_own()
    {
        await using SslStream tls = await _proxy.ConnectTlsAsync(Good, pem: _lab.Pem);
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"DELETE / HTTP/1.1\r\nHost: {Good}\r\nConnection: close\r\n\r\n"), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 200 ", await ProxyOnHost.ReadHeadAsync(tls), StringComparison.Ordinal);
        Assert.Null(Assert.Single(_proxy.Events, e => e.Kind == EgressEventKind.Allowed).Method);
    }

    [Fact]
    public async Task TLS_that_is_ended_has_a_certificate_of_the_sandbox_and_requests_are_judged()
    {
        string answer = await _proxy.AskTlsAsync(
            Api, $"GET /a?b=c HTTP/1.1\r\nHost: {Api}\r\n\r\nDELETE /a HTTP/1.1\r\nHost: {Api}\r\n\r\nGET /b HTTP/1.1\r\nHost: {Api}\r\n\r\n");
        Assert.Equal(["200", "403", "200"], answer.Split("HTTP/1.1 ").Skip(1).Select(a => a[..3]));
        Assert.Equal(["GET /a?b=c", "GET /b"], _lab.Tls.Requests.Select(r => r[..r.IndexOf(" HTTP", StringComparison.Ordinal)]));
        Assert.Equal(["/a", "/a", "/b"], _proxy.Events.Where(e => e.Kind != EgressEventKind.Closed).Select(e => e.Path));
    }

    [Theory]
    [InlineData("good.test", "evil.test")]
    [InlineData("api.test", "evil.test")]
    [InlineData("api.test", "good.test")]
    [InlineData("good.test", "sub.good.test")]
    [InlineData("good.test", "")]
    [InlineData("api.test", "")]
    public async Task TLS_that_names_another_host_or_none_than_it_is_connected_to_is_refused(string connected, string named)
    {
        await Assert.ThrowsAnyAsync<Exception>(() => _proxy.ConnectTlsAsync($"{connected}:{_lab.Tls.Port}", named, _lab.Pem));
        await Eventually.HoldsAsync(() => _proxy.Events.Any(e => e.Reason == "tls-name-differs"), "it is told");
        Assert.DoesNotContain(_proxy.Events, e => e.Kind == EgressEventKind.Allowed);
        Assert.Empty(_lab.Tls.Requests);

        // The canary: the right name.
        await using SslStream right = await _proxy.ConnectTlsAsync($"{connected}:{_lab.Tls.Port}", connected, connected == "good.test" ? _lab.Pem : null);
    }

    [Theory]
    [InlineData("evil.test")]
    [InlineData("good.test")]
    [InlineData("api.test:1")]
    public async Task A_request_in_ended_TLS_is_to_the_host_that_TLS_names(string host)
    {
        string answer = await _proxy.AskTlsAsync(Api, $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 Host is ", answer, StringComparison.Ordinal);
        Assert.Empty(_lab.Tls.Requests);
    }

    [Fact]
    public async Task Http_2_is_not_agreed_on_where_TLS_is_ended()
    {
        await Assert.ThrowsAsync<AuthenticationException>(() => _proxy.ConnectTlsAsync(Api, protocol: SslApplicationProtocol.Http2));
        Assert.StartsWith("HTTP/1.1 400 ", await _proxy.AskTlsAsync(Api, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), StringComparison.Ordinal);
        Assert.Empty(_lab.Tls.Requests);
    }

    [Fact]
    public async Task A_server_whose_certificate_is_not_trusted_gets_no_request()
    {
        await using ProxyOnHost distrusting = await ProxyOnHost.StartAsync(_lab.Policy("GET api.test@ private"), o =>
        {
            _lab.Configure(o);
            o.AuthoritiesFile = null;
        });
        string answer = await distrusting.AskTlsAsync(Api, $"GET / HTTP/1.1\r\nHost: {Api}\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 502 {Api} did not answer: its certificate is not valid", answer, StringComparison.Ordinal);
        Assert.Empty(_lab.Tls.Requests);
    }

    [Fact]
    public async Task A_server_whose_certificate_is_for_another_name_gets_no_request()
    {
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("GET other.test@ private"), _lab.Configure);
        string other = $"other.test:{_lab.Tls.Port}";
        string answer = await proxy.AskTlsAsync(other, $"GET / HTTP/1.1\r\nHost: {other}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 502 ", answer, StringComparison.Ordinal);
        Assert.Empty(_lab.Tls.Requests);
    }

    [Fact]
    public async Task A_server_whose_certificate_is_for_clients_gets_no_request()
    {
        using X509Certificate2 certificate = _lab.Authority.ForClients("api.test");
        await using EgressServer server = new(certificate);
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy($"GET api.test:{server.Port} private"), _lab.Configure);
        string api = $"api.test:{server.Port}";
        Assert.StartsWith("HTTP/1.1 502 ", await proxy.AskTlsAsync(api, $"GET / HTTP/1.1\r\nHost: {api}\r\n\r\n"), StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_host_fetches_nothing_from_where_a_servers_certificate_points(bool hasAuthorities)
    {
        using X509Certificate2 certificate = TestAuthority.OfUnknown("api.test", _lab.Http("127.0.0.1", "/issuer"));
        await using EgressServer server = new(certificate);
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy($"GET api.test:{server.Port} private"), o =>
        {
            _lab.Configure(o);
            o.AuthoritiesFile = hasAuthorities ? o.AuthoritiesFile : null;
        });
        string api = $"api.test:{server.Port}";
        Assert.StartsWith("HTTP/1.1 502 ", await proxy.AskTlsAsync(api, $"GET / HTTP/1.1\r\nHost: {api}\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal(0, _lab.Plain.Connections);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public void The_authority_has_no_key_in_what_the_guest_gets()
    {
        Assert.DoesNotContain("KEY", _proxy.Pem, StringComparison.Ordinal);
        using X509Certificate2 authority = X509Certificate2.CreateFromPem(_proxy.Pem);
        Assert.False(authority.HasPrivateKey);
    }

    [Fact]
    public async Task Each_sandbox_has_an_authority_of_its_own()
    {
        await using ProxyOnHost other = await ProxyOnHost.StartAsync(_lab.Policy("GET api.test@ private"), _lab.Configure);
        await Assert.ThrowsAsync<AuthenticationException>(() => _proxy.ConnectTlsAsync(Api, pem: other.Pem));
    }

    [Fact]
    public async Task A_beginning_of_TLS_that_comes_byte_by_byte_is_read_and_one_that_never_ends_is_refused()
    {
        byte[] hello = await HelloAsync("good.test");
        await using NetworkStream stream = await ConnectedAsync();
        foreach (byte b in hello)
        {
            await stream.WriteAsync(new[] { b }, TestContext.Current.CancellationToken);
        }

        byte[] answer = new byte[1];
        await stream.ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
        Assert.Equal(22, answer[0]);

        // Records of one byte each, for a message that says it is long.
        await using NetworkStream endless = await ConnectedAsync();
        byte[] record = [22, 3, 1, 0, 1, 0];
        byte[] flood = [22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff, .. Enumerable.Repeat(record, 12_000).SelectMany(r => r)];
        await endless.WriteAsync(flood, TestContext.Current.CancellationToken);
        Assert.Equal("", await ProxyOnHost.ReadToEndAsync(endless));
        await Eventually.HoldsAsync(() => _proxy.Events.Any(e => e.Reason == "bad-tls"), "it is refused");
    }

    private async Task<NetworkStream> ConnectedAsync()
    {
        NetworkStream stream = await _proxy.ConnectAsync();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {Good} HTTP/1.1\r\n\r\n"), TestContext.Current.CancellationToken);
        await ProxyOnHost.ReadHeadAsync(stream);
        return stream;
    }

    /// <summary>What a client of TLS says first.</summary>
    private static async Task<byte[]> HelloAsync(string name)
    {
        using MemoryStream said = new();
        await using SslStream client = new(new SaidOnly(said));
        await Assert.ThrowsAnyAsync<Exception>(() => client.AuthenticateAsClientAsync(name));
        return said.ToArray();
    }

    /// <summary>Takes what is written, and has nothing to read.</summary>
    private sealed class SaidOnly(MemoryStream said) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => said.Write(buffer, offset, count);
    }
}
