using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Glovebox.Egress;
using Glovebox.Tests.Common.Egress;

namespace Glovebox.Tests.Contract.Egress;

/// <summary>Secrets go to their hosts, and to nobody else.</summary>
public sealed class ProxySecretTests : IAsyncLifetime
{
    private const string Value = "sk-0123456789+/=abcdef";

    private readonly EgressLab _lab = new();
    private readonly List<Activity> _activities = [];
    private ActivityListener _listener = null!;

    private string Api => $"api.test:{_lab.Tls.Port}";

    public ValueTask InitializeAsync()
    {
        _listener = new()
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = a =>
            {
                lock (_activities)
                {
                    _activities.Add(a);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _lab.DisposeAsync();
    }

    [Fact]
    public async Task A_header_is_put_into_requests_to_its_host_in_the_place_of_the_guests_own()
    {
        await using ProxyOnHost proxy = await StartAsync("Authorization: Bearer {value}", null);
        await proxy.AskTlsAsync(Api, $"GET /x HTTP/1.1\r\nHost: {Api}\r\nauthorization: mine\r\nConnection: close, Authorization\r\n\r\n");
        string request = Assert.Single(_lab.Tls.Requests);
        Assert.Contains($"Authorization: Bearer {Value}\r\n", request, StringComparison.Ordinal);
        Assert.DoesNotContain("mine", request, StringComparison.Ordinal);
        EgressEvent allowed = Assert.Single(proxy.Events, e => e.Kind == EgressEventKind.Allowed);
        Assert.Equal(["API_KEY"], allowed.Secrets);
        AssertNowhere(proxy);
    }

    [Theory]
    [InlineData("/x", "/x?key=sk-0123456789%2B%2F%3Dabcdef")]
    [InlineData("/x?a=1&key=mine&b=2", "/x?a=1&b=2&key=sk-0123456789%2B%2F%3Dabcdef")]
    [InlineData("/x?%6bey=mine", "/x?key=sk-0123456789%2B%2F%3Dabcdef")]
    public async Task A_parameter_is_put_into_the_query_in_the_place_of_the_guests_own(string asked, string sent)
    {
        await using ProxyOnHost proxy = await StartAsync(null, "key");
        await proxy.AskTlsAsync(Api, $"GET {asked} HTTP/1.1\r\nHost: {Api}\r\n\r\n");
        Assert.StartsWith($"GET {sent} HTTP/1.1\r\n", Assert.Single(_lab.Tls.Requests), StringComparison.Ordinal);
        Assert.Equal("/x", Assert.Single(proxy.Events, e => e.Kind == EgressEventKind.Allowed).Path);
        AssertNowhere(proxy);
    }

    [Fact]
    public async Task What_stands_for_the_value_is_replaced_for_its_hosts_alone()
    {
        await using ProxyOnHost proxy = await StartAsync(null, null);
        string placeholder = proxy.Placeholder;
        string guests = $"X-Key: a {placeholder} b\r\nConnection: close\r\n\r\n";
        await proxy.AskTlsAsync(Api, $"GET /x?k={placeholder} HTTP/1.1\r\nHost: {Api}\r\n{guests}");
        string bound = Assert.Single(_lab.Tls.Requests);
        Assert.Contains($"X-Key: a {Value} b\r\n", bound, StringComparison.Ordinal);
        Assert.StartsWith("GET /x?k=sk-0123456789%2B%2F%3Dabcdef HTTP", bound, StringComparison.Ordinal);

        string good = $"good.test:{_lab.Plain.Port}";
        string answer = await proxy.AskAsync($"GET http://{good}/echo?k={placeholder} HTTP/1.1\r\nHost: {good}\r\n{guests}");
        Assert.Contains($"X-Key: a {placeholder} b\r\n", answer, StringComparison.Ordinal);
        string unbound = Assert.Single(_lab.Plain.Requests);
        Assert.DoesNotContain("sk-", unbound, StringComparison.Ordinal);
        AssertNowhere(proxy);
    }

    [Theory]
    [InlineData("/echo")]
    [InlineData("/echo-in/1")]
    [InlineData("/echo-in/7")]
    [InlineData("/echo-in/21")]
    [InlineData("/close")]
    [InlineData("/to/https://api.test/x")]
    public async Task A_value_that_its_host_sends_back_is_masked_also_over_the_borders_of_chunks(string path)
    {
        await using ProxyOnHost proxy = await StartAsync("X-Key: {value}", "key");
        string answer = await proxy.AskTlsAsync(Api, $"GET {path} HTTP/1.1\r\nHost: {Api}\r\n\r\n");
        Assert.Contains("HTTP/1.1 ", answer, StringComparison.Ordinal);
        Assert.Contains(Value, Assert.Single(_lab.Tls.Requests), StringComparison.Ordinal);
        string joined = Dechunked(answer);
        Assert.DoesNotContain("0123456789", joined, StringComparison.Ordinal);
        Assert.Contains("****", joined, StringComparison.Ordinal);
        AssertNowhere(proxy);
    }

    [Fact]
    public async Task An_answer_to_a_host_with_a_secret_is_not_packed_and_TRACE_shows_nothing()
    {
        await using ProxyOnHost proxy = await StartAsync("X-Key: {value}", null);
        string answer = await proxy.AskTlsAsync(Api, $"TRACE /echo HTTP/1.1\r\nHost: {Api}\r\nAccept-Encoding: gzip, br\r\n\r\n");
        Assert.DoesNotContain("Accept-Encoding", Assert.Single(_lab.Tls.Requests), StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_is_allowed_and_has_no_secret_cannot_ask_for_it()
    {
        await using ProxyOnHost proxy = await StartAsync("X-Key: {value}", "key");
        string good = $"good.test:{_lab.Plain.Port}";
        foreach (string request in (string[])
            [
                $"GET http://{good}/echo HTTP/1.1\r\nHost: {good}\r\n\r\n",
                $"GET http://{good}/echo HTTP/1.1\r\nHost: api.test\r\n\r\n",
                $"GET http://{good}/echo HTTP/1.1\r\nHost: {good}\r\nX-Forwarded-Host: api.test\r\nX-Key: {{value}}\r\n\r\n",
            ])
        {
            Assert.DoesNotContain("sk-", await proxy.AskAsync(request), StringComparison.Ordinal);
        }

        Assert.All(_lab.Plain.Requests, r => Assert.DoesNotContain("sk-", r, StringComparison.Ordinal));
        Assert.All(proxy.Events, e => Assert.Empty(e.Secrets));
    }

    [Fact]
    public async Task A_failure_says_nothing_of_the_value()
    {
        await using ProxyOnHost proxy = await StartAsync("X-Key: {value}", "key");
        await _lab.Tls.DisposeAsync();
        string answer = await proxy.AskTlsAsync(Api, $"GET /x HTTP/1.1\r\nHost: {Api}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 502 ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789", answer, StringComparison.Ordinal);
        AssertNowhere(proxy);
    }

    [Fact]
    public async Task Of_two_values_of_which_one_begins_with_the_other_both_are_masked()
    {
        EgressSecret one = new() { Name = "ONE", Value = "secret-one", Header = "X-One: {value}", Domains = [_lab.Rule("api.test@")] };
        EgressSecret two = new() { Name = "TWO", Value = "secret-one-and-two", Header = "X-Two: {value}", Domains = [_lab.Rule("api.test@")] };
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("api.test@ private"), o =>
        {
            _lab.Configure(o);
            o.Secrets.Add(one);
            o.Secrets.Add(two);
        });
        string answer = await proxy.AskTlsAsync(Api, $"GET /echo HTTP/1.1\r\nHost: {Api}\r\n\r\n");
        Assert.Contains("X-One: **********\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("X-Two: ******************\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_websocket_is_carried_both_ways_and_masked_and_the_guest_hears_of_the_servers_end(bool isTls)
    {
        await using ProxyOnHost proxy = await StartAsync("X-Key: {value}", null);
        string host = isTls ? Api : $"api.test:{_lab.Plain.Port}";
        await using Stream stream = isTls ? await proxy.ConnectTlsAsync(Api) : await proxy.ConnectAsync();
        string place = isTls ? "/switch" : $"http://{host}/switch";
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {place} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13\r\n\r\n"));
        string head = await ProxyOnHost.ReadHeadAsync(stream);
        Assert.StartsWith("HTTP/1.1 101 ", head, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Accept: x\r\n", head, StringComparison.Ordinal);
        string request = Assert.Single((isTls ? _lab.Tls : _lab.Plain).Requests);
        Assert.Contains("Upgrade: websocket\r\n", request, StringComparison.Ordinal);
        Assert.Contains($"X-Key: {Value}\r\n", request, StringComparison.Ordinal);
        byte[] message = new byte[4];
        await stream.WriteAsync("ping"u8.ToArray());
        await stream.ReadExactlyAsync(message);
        Assert.Equal("ping", Encoding.ASCII.GetString(message));
        byte[] echoed = new byte[Value.Length];
        await stream.WriteAsync(Encoding.ASCII.GetBytes(Value));
        await stream.ReadExactlyAsync(echoed);
        Assert.Equal(new string('*', Value.Length), Encoding.ASCII.GetString(echoed));
        await stream.WriteAsync("bye!"u8.ToArray());
        await stream.ReadExactlyAsync(message);
        Assert.Equal("bye!", Encoding.ASCII.GetString(message));

        // The end of what the agent carries is told by the agent.
        if (stream is SslStream)
        {
            Assert.Equal(0, await stream.ReadAsync(message).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        }
        else
        {
            ((NetworkStream)stream).Socket.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await stream.ReadAsync(message).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        }
    }

    [Fact]
    public async Task A_websocket_is_refused_where_requests_are_limited()
    {
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("GET api.test@ private"), _lab.Configure);
        string answer = await proxy.AskTlsAsync(Api, $"GET /switch HTTP/1.1\r\nHost: {Api}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403 WebSocket ", answer, StringComparison.Ordinal);
        Assert.Empty(_lab.Tls.Requests);
    }

    /// <summary>The port alone says nothing: nobody hears TLS there where the guest sends none.</summary>
    [Theory]
    [InlineData("GET http://clear.test:443/x HTTP/1.1\r\nHost: clear.test:443\r\n\r\n")]
    [InlineData("CONNECT clear.test:443 HTTP/1.1\r\nHost: clear.test:443\r\n\r\nGET /x HTTP/1.1\r\nHost: clear.test:443\r\n\r\n")]
    public async Task Port_443_gets_a_secret_by_TLS_alone(string request)
    {
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(
            _lab.Policy("clear.test private"),
            o =>
            {
                _lab.Configure(o);
                o.Secrets.Add(new() { Name = "API_KEY", Value = Value, Header = "X-Key: {value}", Domains = ["clear.test"] });
            });
        string answer = await proxy.AskAsync(request);
        Assert.Contains("HTTP/1.1 403 clear.test:443 gets a secret", answer, StringComparison.Ordinal);
        Assert.Equal("secret-in-clear", Assert.Single(proxy.Events, e => e.Kind == EgressEventKind.Refused).Reason);
        Assert.DoesNotContain(proxy.Events, e => e.Kind == EgressEventKind.Allowed);
        AssertNowhere(proxy);
    }

    private Task<ProxyOnHost> StartAsync(string? header, string? parameter) => ProxyOnHost.StartAsync(
        _lab.Policy("api.test@ private", "good.test@ private"),
        o =>
        {
            _lab.Configure(o);
            EgressSecret secret = _lab.Secret(Value, header, "api.test@");
            secret.QueryParameter = parameter;
            o.Secrets.Add(secret);
        });

    /// <summary>The value is in no event, and in no activity of the whole process.</summary>
    private void AssertNowhere(ProxyOnHost proxy)
    {
        string events = string.Join('\n', proxy.Events.Select(e => System.Text.Json.JsonSerializer.Serialize(e)));
        Assert.DoesNotContain("0123456789", events, StringComparison.Ordinal);
        lock (_activities)
        {
            Assert.DoesNotContain(
                "0123456789", string.Join('\n', _activities.Select(a => a.DisplayName + string.Join(' ', a.TagObjects.Select(t => $"{t.Key}={t.Value}")))), StringComparison.Ordinal);
        }
    }

    /// <summary>The pieces of a body joined, as a client sees it.</summary>
    private static string Dechunked(string answer)
    {
        int end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        if (!answer[..end].Contains("chunked", StringComparison.Ordinal))
        {
            return answer;
        }

        StringBuilder body = new(answer[..end]);
        while (Convert.ToInt32(answer[end..answer.IndexOf("\r\n", end, StringComparison.Ordinal)], 16) is > 0 and int size)
        {
            end = answer.IndexOf("\r\n", end, StringComparison.Ordinal) + 2;
            body.Append(answer, end, size);
            end += size + 2;
        }

        return body.ToString();
    }
}
