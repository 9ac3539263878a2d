using System.Net;
using System.Net.Sockets;
using System.Text;
using Glovebox.Egress;
using Glovebox.Tests.Common.Egress;

namespace Glovebox.Tests.Contract.Egress;

/// <summary>Names and addresses by which guest code wants to reach what no rule allows.</summary>
public sealed class ProxyAddressTests : IAsyncLifetime
{
    private static readonly IPAddress Public = IPAddress.Parse("1.1.1.1");

    private readonly EgressLab _lab = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    public static TheoryData<string> Spellings =>
    [
        "169.254.169.254", "169.254.169.254.", "2852039166", "0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376", "169.254.43518", "169.16689662",
        "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[0:0:0:0:0:ffff:a9fe:a9fe]", "[::169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[fe80::1]",
        "[fe80::1%25lo]", "[fd00:ec2::254]", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0", "0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]",
        "localhost", "metadata.google.internal", "good.test.evil.test", "notgood.test", "good.test.", "evil.test#good.test", "good.test@evil.test",
        "good.test:80@evil.test", "evil.test\\good.test", "evil.test%00.good.test", "evil.test%2f.good.test", "xn--gd-fmba.test", "*.good.test", "good..test",
        ".good.test", "-good.test", "good_.test", "b\u00fccher.test",
    ];

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task No_spelling_of_another_host_is_connected_to(string host)
    {
        _lab.Resolve = name => name == "good.test" ? [IPAddress.Loopback] : throw new InvalidOperationException($"{name} was looked up.");
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("good.test@ private", "*.sub.good.test@ private"), _lab.Configure);
        bool isGood = host == "good.test.";
        foreach (string request in (string[])
            [$"GET http://{host}:{_lab.Plain.Port}/ HTTP/1.1\r\nHost: {host}:{_lab.Plain.Port}\r\n\r\n", $"CONNECT {host}:{_lab.Plain.Port} HTTP/1.1\r\nHost: x\r\n\r\n"])
        {
            string answer = await proxy.AskAsync(request);
            Assert.True(answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) == isGood && answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal), answer);
        }

        byte[] name = Encoding.Latin1.GetBytes(host);
        Assert.Equal(isGood, await SocksAsync(proxy, [3, (byte)name.Length, .. name], _lab.Plain.Port) == 0);
        Assert.Equal(isGood ? 1 : 0, _lab.Plain.Requests.Count);
        Assert.All(_lab.Resolved, r => Assert.Equal("good.test", r));
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    public async Task No_address_that_no_rule_names_is_connected_to_by_SOCKS(string address)
    {
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("good.test@ private"), _lab.Configure);
        byte[] bytes = IPAddress.Parse(address).GetAddressBytes();
        Assert.Equal(2, await SocksAsync(proxy, [(byte)(bytes.Length == 4 ? 1 : 4), .. bytes], _lab.Plain.Port));

        // The same one is reached where a rule names it.
        await using ProxyOnHost open = await ProxyOnHost.StartAsync(_lab.Policy("127.0.0.1@"), _lab.Configure);
        Assert.Equal(address.EndsWith("127.0.0.1", StringComparison.Ordinal), await SocksAsync(open, [(byte)(bytes.Length == 4 ? 1 : 4), .. bytes], _lab.Plain.Port) == 0);
    }

    [Theory]
    [InlineData("sub.good.test", true)]
    [InlineData("a.b.good.test", true)]
    [InlineData("SUB.GOOD.TEST", true)]
    [InlineData("good.test", false)]
    [InlineData("xgood.test", false)]
    [InlineData("sub.good.test.evil.test", false)]
    public async Task A_wildcard_is_for_names_below_alone(string host, bool isAllowed)
    {
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("*.good.test@ private"), _lab.Configure);
        string answer = await proxy.AskAsync($"GET {_lab.Http(host)} HTTP/1.1\r\nHost: {host}:{_lab.Plain.Port}\r\n\r\n");
        Assert.Equal(isAllowed, answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_port_is_refused()
    {
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy($"good.test:{_lab.Tls.Port} private"), _lab.Configure);
        Assert.StartsWith(
            $"HTTP/1.1 403 good.test:{_lab.Plain.Port} is not an allowed domain.\r\n", await proxy.AskAsync($"CONNECT good.test:{_lab.Plain.Port} HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal(0, _lab.Plain.Connections);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("10.0.0.1")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("0.0.0.0")]
    public async Task An_allowed_name_that_leads_to_a_private_address_is_refused_unless_the_rule_says_private(string address)
    {
        _lab.Resolve = _ => [IPAddress.Parse(address)];
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("good.test@"), _lab.Configure);
        foreach (string request in (string[])[$"GET {_lab.Http("good.test")} HTTP/1.1\r\nHost: good.test:{_lab.Plain.Port}\r\n\r\n", $"CONNECT good.test:{_lab.Plain.Port} HTTP/1.1\r\n\r\n"])
        {
            string answer = await proxy.AskAsync(request);
            Assert.StartsWith("HTTP/1.1 403 good.test leads to an address of a private network", answer, StringComparison.Ordinal);
        }

        Assert.All(proxy.Events.Where(e => e.Kind == EgressEventKind.Refused), e => Assert.Equal("private-address", e.Reason));
        Assert.Equal(0, _lab.Plain.Connections);

        // The canary: the same name with the word.
        _lab.Resolve = _ => [IPAddress.Loopback];
        await using ProxyOnHost open = await ProxyOnHost.StartAsync(_lab.Policy("good.test@ private"), _lab.Configure);
        Assert.StartsWith("HTTP/1.1 200 ", await open.AskAsync($"CONNECT good.test:{_lab.Plain.Port} HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_rebound_after_it_was_looked_at_leads_to_the_address_that_was_looked_at()
    {
        int asked = 0;
        _lab.Resolve = _ => Interlocked.Increment(ref asked) == 1 ? [Public] : [IPAddress.Loopback];
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("good.test@"), _lab.Configure);

        // Nothing answers there, or nothing is reached at all: what matters is that it is not the second address.
        string answer = await proxy.AskAsync($"CONNECT good.test:{_lab.Plain.Port} HTTP/1.1\r\n\r\n");
        Assert.Matches("^HTTP/1.1 50[24] ", answer);
        Assert.Equal(1, asked);
        Assert.Equal(0, _lab.Plain.Connections);

        answer = await proxy.AskAsync($"CONNECT good.test:{_lab.Plain.Port} HTTP/1.1\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403 ", answer, StringComparison.Ordinal);
        Assert.Equal(0, _lab.Plain.Connections);
    }

    [Fact]
    public async Task Of_an_answer_with_both_only_the_public_address_is_tried()
    {
        _lab.Resolve = _ => [IPAddress.Loopback, Public, IPAddress.IPv6Loopback];
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("good.test@"), _lab.Configure);
        Assert.Matches("^HTTP/1.1 50[24] ", await proxy.AskAsync($"CONNECT good.test:{_lab.Plain.Port} HTTP/1.1\r\n\r\n"));
        Assert.Equal(0, _lab.Plain.Connections);
    }

    [Fact]
    public async Task A_name_that_nobody_knows_is_unreachable_and_said_so()
    {
        _lab.Resolve = _ => throw new SocketException((int)SocketError.HostNotFound);
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("good.test@ private"), _lab.Configure);
        string at = $"good.test:{_lab.Plain.Port}";
        Assert.StartsWith($"HTTP/1.1 502 {at} cannot be reached: HostNotFound.\r\n", await proxy.AskAsync($"CONNECT {at} HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith($"HTTP/1.1 502 {at} cannot be reached: HostNotFound.\r\n", await proxy.AskAsync($"GET http://{at}/ HTTP/1.1\r\nHost: {at}\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_of_control_characters_writes_nothing_of_its_own_into_a_log()
    {
        await using ProxyOnHost proxy = await ProxyOnHost.StartAsync(_lab.Policy("good.test@ private"), _lab.Configure);
        byte[] name = Encoding.Latin1.GetBytes("evil\r\nINFO: allowed\0\u001b[31m\u009b1m" + new string('x', 200));
        Assert.Equal(2, await SocksAsync(proxy, [3, (byte)name.Length, .. name], 80));
        EgressEvent refused = Assert.Single(proxy.Events);
        Assert.DoesNotContain(refused.Host, char.IsControl);
        Assert.InRange(refused.Host.Length, 1, 255);
    }

    /// <summary>Gives the answer's code.</summary>
    private static async Task<int> SocksAsync(ProxyOnHost proxy, byte[] place, int port)
    {
        await using NetworkStream stream = await proxy.ConnectAsync();
        byte[] request = [5, 1, 0, 5, 1, 0, .. place, (byte)(port >> 8), (byte)port];
        await stream.WriteAsync(request);
        byte[] answer = new byte[12];
        await stream.ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
        return answer[3];
    }
}
