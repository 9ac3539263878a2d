using System.Net;
using System.Net.Sockets;
using System.Text;
using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Common.Contract.Functions;

/// <summary>A function of the host brings what the guest, without a network, cannot reach itself.</summary>
public abstract class FetchDataConformance(ExecutorKind isolated)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(NetworkAccess.None)]
    [InlineData(NetworkAccess.SetupOnly)]
    public async Task Data_is_fetched_through_the_host(NetworkAccess network)
    {
        using HttpClient client = new();
        await using Server server = new("the data: ä");
        await using Session session = await Session.StartAsync(isolated, With(Function((Uri url, CancellationToken ct) => client.GetStringAsync(url, ct), "fetch_data")) with { Network = network });
        string direct = Direct(server.Url);
        CodeResult result = await session.PythonAsync($"from functions import fetch_data\nprint(fetch_data('{server.Url}'))\n{direct}");
        Assert.Equal("the data: ä\nunreachable\n", result.Output);
    }

    /// <summary>The same code reaches the server where it has the network.</summary>
    [Fact]
    public async Task The_canary_reaches_the_server_itself()
    {
        await using Server server = new("the data: ä");
        await using Session session = await Session.StartAsync(ExecutorKind.Local);
        Assert.Equal("the data: ä\n", (await session.PythonAsync(Direct(server.Url))).Output);
    }

    [Fact]
    public async Task Without_a_network_pip_fails_and_says_why()
    {
        await using ICodeExecutor executor = isolated.Create(With(FunctionWithRequirements.FromSource("def f(): pass", "gb_missing")) with { Network = NetworkAccess.None });
        FunctionSetupException e = await Assert.ThrowsAsync<FunctionSetupException>(() => executor.StartAsync(Ct));
        Assert.StartsWith("Pip install failed. ", e.Message, StringComparison.Ordinal);
        Assert.Contains("Network is None", e.Hint, StringComparison.Ordinal);
    }

    private static string Direct(Uri url) =>
        $"""
        import urllib.request
        try:
            print(urllib.request.urlopen('{url}', timeout=10).read().decode())
        except OSError as e:
            print('unreachable')
        """;

    /// <summary>Answers every request of HTTP with one text.</summary>
    private sealed class Server : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _serving;
        private readonly byte[] _answer;

        public Server(string text)
        {
            byte[] body = Encoding.UTF8.GetBytes(text);
            _answer = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), .. body];
            _listener.Start();
            Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
            _serving = ServeAsync();
        }

        public Uri Url { get; }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
        }

        private async Task ServeAsync()
        {
            while (true)
            {
                try
                {
                    using TcpClient client = await _listener.AcceptTcpClientAsync();
                    NetworkStream stream = client.GetStream();
                    _ = await stream.ReadAsync(new byte[8192]);
                    await stream.WriteAsync(_answer);
                }
                catch (SocketException)
                {
                    return;
                }
                catch (IOException)
                {
                    // A client that left early.
                }
            }
        }
    }
}
