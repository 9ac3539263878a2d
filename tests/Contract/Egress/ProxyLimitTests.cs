using System.Net.Sockets;
using System.Text;
using Glovebox.Egress;
using Glovebox.Tests.Common.Egress;
using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Contract.Egress;

/// <summary>What guest code can use up at the proxy, and who is asked.</summary>
public sealed class ProxyLimitTests : IAsyncLifetime
{
    private readonly EgressLab _lab = new();
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Good => $"good.test:{_lab.Plain.Port}";

    private string Get => $"GET http://{Good}/ HTTP/1.1\r\nHost: {Good}\r\n\r\n";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task One_connection_too_many_is_refused_and_one_that_ends_makes_room()
    {
        await using ProxyOnHost proxy = await StartAsync(o => o.MaxConnections = 2);
        await using NetworkStream first = await TunnelAsync(proxy);
        await using (NetworkStream second = await TunnelAsync(proxy))
        {
            string answer = await proxy.AskAsync(Get);
            Assert.StartsWith("HTTP/1.1 429 More than 2 connections are open.\r\n", answer, StringComparison.Ordinal);
            Assert.Equal("too-many-connections", Assert.Single(proxy.Events, e => e.Kind == EgressEventKind.Refused).Reason);
        }

        await Eventually.HoldsAsync(async () => (await proxy.AskAsync(Get)).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal), "there is room");
    }

    [Fact]
    public async Task One_request_too_many_in_a_minute_is_refused_and_the_next_minute_is_new()
    {
        await using ProxyOnHost proxy = await StartAsync(o => o.MaxRequestsPerMinute = 3);
        string answers = await proxy.AskAsync(Get + Get + Get + Get);
        Assert.Equal(["200", "200", "200", "429"], answers.Split("HTTP/1.1 ").Skip(1).Select(a => a[..3]));
        Assert.Contains("HTTP/1.1 429 More than 3 connections and requests were begun within a minute.\r\n", answers, StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.StartsWith("HTTP/1.1 429 ", await proxy.AskAsync($"CONNECT {Good} HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.StartsWith("HTTP/1.1 200 ", await proxy.AskAsync(Get), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_beyond_what_the_sandbox_may_are_not_carried_and_every_connection_after_them_is_told()
    {
        await using ProxyOnHost proxy = await StartAsync(o => o.MaxBytes = 10_000);
        string answer = await proxy.AskAsync($"GET http://{Good}/bytes/1000000 HTTP/1.1\r\nHost: {Good}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.True(answer.Length <= 10_000, $"{answer.Length} bytes");
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
        EgressEvent refused = Assert.Single(proxy.Events, e => e.Kind == EgressEventKind.Refused);
        Assert.Equal(("good.test", "too-many-bytes"), (refused.Host, refused.Reason));

        answer = await proxy.AskAsync(Get);
        Assert.StartsWith("HTTP/1.1 429 This sandbox has sent and received the 10000 bytes that it may.\r\n", answer, StringComparison.Ordinal);
        Assert.Equal(2, proxy.Events.Count(e => e.Reason == "too-many-bytes"));
    }

    [Fact]
    public async Task Bytes_in_a_tunnel_are_counted_in_both_directions()
    {
        await using ProxyOnHost proxy = await StartAsync(o => o.MaxBytes = 10_000, "good.test@ tcp private");
        await using NetworkStream tunnel = await TunnelAsync(proxy);
        await tunnel.WriteAsync(Encoding.ASCII.GetBytes($"POST /body HTTP/1.1\r\nContent-Length: 4000\r\n\r\n{new string('x', 4000)}"), Ct);
        Assert.StartsWith("HTTP/1.1 200 ", await ProxyOnHost.ReadHeadAsync(tunnel), StringComparison.Ordinal);
        await tunnel.WriteAsync(Encoding.ASCII.GetBytes($"POST /body HTTP/1.1\r\nContent-Length: 4000\r\n\r\n{new string('y', 4000)}"), Ct);
        Assert.DoesNotContain("y", await ProxyOnHost.ReadToEndAsync(tunnel), StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => proxy.Events.Any(e => e is { Kind: EgressEventKind.Closed, Reason: "too-many-bytes" }), "it is told");
    }

    [Fact]
    public async Task A_connection_that_carries_nothing_is_ended_and_one_that_carries_something_is_not()
    {
        await using ProxyOnHost proxy = await StartAsync(o => o.IdleTimeout = TimeSpan.FromSeconds(10), "good.test@ tcp private");
        await using NetworkStream tunnel = await TunnelAsync(proxy);
        for (int i = 0; i < 3; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(9));
            await tunnel.WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n\r\n"), Ct);
            Assert.Contains("200", await ProxyOnHost.ReadHeadAsync(tunnel), StringComparison.Ordinal);
            await tunnel.ReadExactlyAsync(new byte[5], Ct);
        }

        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("", await ProxyOnHost.ReadToEndAsync(tunnel));
        await Eventually.HoldsAsync(() => proxy.Events.Any(e => e is { Kind: EgressEventKind.Closed, Reason: "idle" }), "it is told");
        await Eventually.HoldsAsync(() => _lab.Plain.Open == 0, "the server's end is closed");
    }

    [Theory]
    [InlineData("GET http://good.test/")]
    [InlineData("\u0005\u0001")]
    [InlineData("CONNECT {host} HTTP/1.1\r\n\r\nGET / HT")]
    [InlineData("CONNECT {host} HTTP/1.1\r\n\r\n\u0016\u0003\u0001")]
    public async Task Whoever_says_what_it_wants_byte_by_byte_is_cut_off_after_a_while(string beginning)
    {
        await using ProxyOnHost proxy = await StartAsync(_ => { });
        await using NetworkStream stream = await proxy.ConnectAsync();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(beginning.Replace("{host}", Good, StringComparison.Ordinal)), Ct);
        if (beginning.StartsWith("CONNECT", StringComparison.Ordinal))
        {
            await ProxyOnHost.ReadHeadAsync(stream);
        }

        // Something comes all the time, so that the connection is never idle.
        Task<string> end = ProxyOnHost.ReadToEndAsync(stream);
        for (int i = 0; i < 400 && !end.IsCompleted; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            try
            {
                await stream.WriteAsync("a"u8.ToArray(), Ct);
            }
            catch (IOException)
            {
                break;
            }

            await Task.Delay(1, Ct);
        }

        await end;
        Assert.Empty(_lab.Plain.Requests);
    }

    [Fact]
    public async Task Many_slow_ones_keep_no_other_sandbox_waiting()
    {
        await using ProxyOnHost proxy = await StartAsync(_ => { });
        await using ProxyOnHost other = await StartAsync(_ => { });
        List<NetworkStream> slow = [];
        for (int i = 0; i < 200; i++)
        {
            slow.Add(await proxy.ConnectAsync());
            await slow[^1].WriteAsync("GET http://"u8.ToArray(), Ct);
        }

        Assert.StartsWith("HTTP/1.1 200 ", await other.AskAsync(Get), StringComparison.Ordinal);
        await Eventually.HoldsAsync(async () => (await proxy.AskAsync(Get)).StartsWith("HTTP/1.1 429 ", StringComparison.Ordinal), "it is full itself");
        slow.ForEach(s => s.Dispose());
        await Eventually.HoldsAsync(async () => (await proxy.AskAsync(Get)).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal), "there is room again");
    }

    [Fact]
    public async Task Many_hosts_one_after_another_leave_no_more_connections_than_the_guest_may_have_itself()
    {
        await using ProxyOnHost proxy = await StartAsync(_ => { }, "*.good.test@ private");
        await proxy.AskAsync(string.Concat(Enumerable.Repeat(Of(0), 5)));
        Assert.Equal(1, _lab.Plain.Connections);
        string answers = await proxy.AskAsync(string.Concat(Enumerable.Range(0, 400).Select(Of)));
        Assert.Equal(400, answers.Split("HTTP/1.1 200 ").Length - 1);
        Assert.Equal(400, _lab.Plain.Connections);
        await Eventually.HoldsAsync(() => _lab.Plain.Open <= 256, "connections that are kept for later are few", TimeSpan.FromSeconds(10));

        string Of(int i) => $"GET http://n{i}.good.test:{_lab.Plain.Port}/ HTTP/1.1\r\nHost: n{i}.good.test:{_lab.Plain.Port}\r\n\r\n";
    }

    [Fact]
    public async Task A_head_beyond_64_KiB_is_refused()
    {
        await using ProxyOnHost proxy = await StartAsync(_ => { });
        string answer = await proxy.AskAsync($"GET http://{Good}/ HTTP/1.1\r\nHost: {Good}\r\nX-A: {new string('a', 70_000)}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
        answer = await proxy.AskAsync($"GET http://{Good}/ HTTP/1.1\r\nHost: {Good}\r\n{string.Concat(Enumerable.Repeat("A: b\r\n", 300))}\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Empty(_lab.Plain.Requests);
    }

    [Fact]
    public async Task Names_are_looked_up_a_few_at_a_time_also_when_nobody_waits_for_them_any_more()
    {
        int looking = 0, most = 0;
        using ManualResetEventSlim held = new();
        _lab.Resolve = _ =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref looking));
            held.Wait(Ct);
            Interlocked.Decrement(ref looking);
            return [System.Net.IPAddress.Loopback];
        };
        await using ProxyOnHost proxy = await StartAsync(_ => { }, "*.good.test@ private");
        Task<string>[] asking = [.. Enumerable.Range(0, 60).Select(i => proxy.AskAsync($"CONNECT n{i}.good.test:{_lab.Plain.Port} HTTP/1.1\r\n\r\n"))];
        await Eventually.HoldsAsync(() => Volatile.Read(ref looking) >= 8, "names are looked up");

        // Those that wait give up, and the next ones come.
        Task all = Task.WhenAll(asking);
        while (!all.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(all, Task.Delay(10, Ct));
        }

        Assert.All(asking, a => Assert.StartsWith("HTTP/1.1 504 ", a.Result, StringComparison.Ordinal));
        Task<string>[] more = [.. Enumerable.Range(60, 60).Select(i => proxy.AskAsync($"CONNECT n{i}.good.test:{_lab.Plain.Port} HTTP/1.1\r\n\r\n"))];
        await Eventually.HoldsAsync(() => proxy.Events.Count >= 60, "they were refused");
        Assert.InRange(Volatile.Read(ref most), 8, 16);
        held.Set();
        await Task.WhenAll(more);
        Assert.All(more, a => Assert.StartsWith("HTTP/1.1 200 ", a.Result, StringComparison.Ordinal));
        Assert.InRange(most, 8, 16);
    }

    [Fact]
    public async Task A_host_outside_the_list_is_asked_about_once_and_the_answer_holds()
    {
        List<string> asked = [];
        _lab.Resolve = _ => [System.Net.IPAddress.Loopback];
        await using ProxyOnHost proxy = await StartAsync(o => o.Approve = (a, _) =>
        {
            lock (asked)
            {
                asked.Add($"{a.Host}:{a.Port}");
            }

            return ValueTask.FromResult(a.Host == "yes.test");
        });
        string at = $"yes.test:{_lab.Plain.Port}", no = $"no.test:{_lab.Plain.Port}";
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => proxy.AskAsync($"CONNECT {at} HTTP/1.1\r\n\r\n")));

        // Approved, but its address is private, which only a rule can allow.
        Assert.StartsWith("HTTP/1.1 403 yes.test leads to an address of a private network", await proxy.AskAsync($"CONNECT {at} HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403 no.test", await proxy.AskAsync($"CONNECT {no} HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403 no.test", await proxy.AskAsync($"CONNECT NO.test.:{_lab.Plain.Port} HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal([at, no], asked);

        foreach (string address in (string[])["127.0.0.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]"])
        {
            Assert.StartsWith("HTTP/1.1 403 ", await proxy.AskAsync($"CONNECT {address}:{_lab.Plain.Port} HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        }

        Assert.Equal(2, asked.Count);
        Assert.Equal(0, _lab.Plain.Connections);
    }

    [Fact]
    public async Task Who_does_not_answer_in_time_or_fails_has_refused()
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationToken told = default;
        await using ProxyOnHost proxy = await StartAsync(o =>
        {
            o.IdleTimeout = TimeSpan.FromHours(1);
            o.Approve = async (a, token) =>
            {
                if (a.Host == "fails.test")
                {
                    throw new InvalidOperationException("no");
                }

                told = token;
                asked.SetResult();

                // One that does not listen to being told.
                await new TaskCompletionSource<bool>().Task;
                return true;
            };
        });
        Assert.StartsWith("HTTP/1.1 403 ", await proxy.AskAsync("CONNECT fails.test:443 HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Task<string> slow = proxy.AskAsync("CONNECT slow.test:443 HTTP/1.1\r\n\r\n");
        await asked.Task.WaitAsync(Ct);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.False(told.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.StartsWith("HTTP/1.1 403 ", await slow, StringComparison.Ordinal);
        Assert.True(told.IsCancellationRequested);
    }

    [Fact]
    public async Task Who_is_asked_hears_of_the_end_of_the_sandbox()
    {
        TaskCompletionSource<CancellationToken> asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ProxyOnHost proxy = await StartAsync(o => o.Approve = async (_, token) =>
        {
            asked.SetResult(token);
            await Task.Delay(Timeout.Infinite, token);
            return true;
        });
        Task<string> waiting = proxy.AskAsync("CONNECT slow.test:443 HTTP/1.1\r\n\r\n");
        CancellationToken told = await asked.Task.WaitAsync(Ct);
        await proxy.DisposeAsync();
        await waiting;
        await Eventually.HoldsAsync(() => told.IsCancellationRequested, "it is told");
    }

    [Theory]
    [InlineData("/hold", "")]
    [InlineData("/bytes/100000000", "")]
    [InlineData("", "CONNECT")]
    public async Task The_end_of_the_proxy_ends_open_connections_and_waits_for_nothing(string path, string method)
    {
        ProxyOnHost proxy = await StartAsync(_ => { }, "good.test@ tcp private");
        await using NetworkStream stream = await proxy.ConnectAsync();
        string request = method == "CONNECT" ? $"CONNECT {Good} HTTP/1.1\r\n\r\n" : $"GET http://{Good}{path} HTTP/1.1\r\nHost: {Good}\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Ct);
        await Eventually.HoldsAsync(() => _lab.Plain.Open == 1, "the server is reached");
        await proxy.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Ct);
        _lab.Plain.Release();
        await Eventually.HoldsAsync(() => _lab.Plain.Open == 0, "the server's end is closed");
        await ProxyOnHost.ReadToEndAsync(stream);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, seen) != seen)
        {
        }
    }

    private Task<ProxyOnHost> StartAsync(Action<EgressOptions> configure, params string[] rules) => ProxyOnHost.StartAsync(
        _lab.Policy(rules.Length == 0 ? ["good.test@ private"] : rules),
        o =>
        {
            _lab.Configure(o);
            configure(o);
        },
        _clock);

    private async Task<NetworkStream> TunnelAsync(ProxyOnHost proxy)
    {
        NetworkStream stream = await proxy.ConnectAsync();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {Good} HTTP/1.1\r\n\r\n"), Ct);
        Assert.StartsWith("HTTP/1.1 200 ", await ProxyOnHost.ReadHeadAsync(stream), StringComparison.Ordinal);
        return stream;
    }
}
