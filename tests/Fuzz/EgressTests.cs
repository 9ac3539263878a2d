using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Text;
using Glovebox.Egress;
using Glovebox.Tests.Fuzz.Support;

namespace Glovebox.Tests.Fuzz;

/// <summary>Whatever guest code sends to the egress proxy, no name but those of the list is looked up, and the proxy ends.</summary>
public sealed class EgressTests
{
    private static readonly EgressPolicy Policy = new(["good.test", "*.wild.test:8080 tcp", "GET limited.test/v1"]);

    private static readonly byte[][] Texts =
    [
        Text("CONNECT good.test:443 HTTP/1.1\r\nHost: good.test:443\r\n\r\n"),
        Text("CONNECT limited.test:443 HTTP/1.1\r\n\r\n"),
        Text("CONNECT a.wild.test:8080 HTTP/1.1\r\n\r\nhello"),
        Text("CONNECT good.test.evil.test:443 HTTP/1.1\r\n\r\n"),
        Text("GET http://good.test/a?b HTTP/1.1\r\nHost: good.test\r\nX-A: b\r\n\r\n"),
        Text("GET http://limited.test/v1/x HTTP/1.1\r\nHost: limited.test\r\n\r\n"),
        Text("POST http://good.test/ HTTP/1.1\r\nHost: good.test\r\nContent-Length: 5\r\n\r\nhello"),
        Text("POST http://good.test/ HTTP/1.1\r\nHost: good.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        Text("GET http://evil.test#@good.test/ HTTP/1.1\r\nHost: good.test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
        Text("GET / HTTP/1.1\r\nHost: limited.test\r\n\r\n"),
        [5, 1, 0, 5, 1, 0, 3, 9, .. "good.test"u8, 1, 187],
        [5, 2, 0, 2, 5, 1, 0, 1, 127, 0, 0, 1, 0, 80],
        [5, 1, 0, 5, 1, 0, 4, .. IPAddress.IPv6Loopback.GetAddressBytes(), 0, 80],
        Hello("good.test"),
        Hello("limited.test"),
        Hello("evil.test"),
    ];

    private static readonly Gen<byte[]> AnyTalk = Gen.Select(
        Gen.Int[0, Texts.Length - 1].Select(i => Texts[i]).Array[1, 5].Select(t => (byte[])[.. t.SelectMany(b => b)]),
        Gen.Frequency((2, Gen.Const(() => Array.Empty<Change>())), (3, Bytes.AnyChange.Array[1, 5])),
        Bytes.Apply);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task Only_names_of_the_list_are_looked_up() => Fuzzer.RunAsync(
        Gen.Select(AnyTalk, Bytes.Cuts, (data, cuts) => (data, cuts)),
        input => Talk(input.data, input.cuts),
        input => $"cuts {string.Join(',', input.cuts)}: {Convert.ToHexString(input.data)}",
        TestContext.Current.CancellationToken);

    private static void Talk(byte[] data, int[] cuts)
    {
        ConcurrentQueue<string> names = new();
        ConcurrentQueue<EgressEvent> events = new();
        EgressOptions options = new()
        {
            Resolve = (name, _) =>
            {
                names.Enqueue(name);
                return Task.FromResult<IPAddress[]>([]);
            },
        };
        EgressGate gate = new(Policy, options, TimeProvider.System);
        using HttpRelay relay = new(gate, []);
        using SandboxAuthority authority = new(TimeProvider.System);
        FuzzStream stream = new();
        using GuestConnection guest = new(stream, gate, options.IdleTimeout, TimeProvider.System, CancellationToken.None);
        EgressReport report = new(
            happened =>
            {
                events.Enqueue(happened);
                return Task.CompletedTask;
            },
            1);
        Task serving = Task.Run(() => new ProxyConversation(guest, gate, relay, authority, report).RunAsync());
        foreach (byte[] piece in Bytes.Pieces(data, cuts))
        {
            stream.Feed(piece);
        }

        stream.End();
        Assert.True(((IAsyncResult)serving).AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(30)), "The connection is served without end.");
        Exception? end = serving.Exception?.InnerException;
        Assert.True(
            end is null or EgressRefusal or IOException or OperationCanceledException or ObjectDisposedException
                or System.Security.Authentication.AuthenticationException,
            end?.ToString());
        Assert.All(names, name => Assert.True(
            name is "good.test" or "limited.test" || name.EndsWith(".wild.test", StringComparison.Ordinal), $"'{name}' was looked up."));
        Assert.All(events, e =>
        {
            Assert.True(e.Host.Length <= 255 && (e.Path?.Length ?? 0) <= 1000, "Guest code makes events long.");
            Assert.DoesNotContain(e.Host + e.Path + e.Method, char.IsControl);
        });
        byte[] written = stream.Written();
        Assert.True(
            written.Length == 0 || written[0] == 5 || written.AsSpan().StartsWith("HTTP/1.1 "u8), "The guest is answered in no protocol.");
    }

    private static byte[] Text(string text) => Encoding.ASCII.GetBytes(text);

    /// <summary>The first message of a TLS client.</summary>
    private static byte[] Hello(string name)
    {
        using FirstMessage sent = new();
        using SslStream client = new(sent);
        try
        {
            client.AuthenticateAsClient(name);
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            // Nobody answers.
        }

        return sent.ToArray();
    }

    private sealed class FirstMessage : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override int Read(Span<byte> buffer) => 0;
    }
}
