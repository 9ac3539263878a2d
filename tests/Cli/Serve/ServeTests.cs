using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli.Serve;

/// <summary><c>glovebox serve</c>.</summary>
public sealed partial class ServeTests : IDisposable
{
    private const int Kill = 9;
    private const int Terminate = 15;

    private readonly Tool _tool = new();
    private readonly TestFolder _folder = new();
    private readonly string _marker = HostProcesses.NewMarker();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Data => _folder["data"];

    [Fact]
    public async Task It_answers_until_a_signal_ends_it_and_leaves_nothing()
    {
        using ToolProcess server = await StartAsync();
        using HttpClient client = await ClientAsync(server);
        using HttpResponseMessage response = await client.PostAsJsonAsync("/v1/execute", new { code = "print(6 * 7)" }, Cancelled);
        Assert.Equal("42\n", (string)(await response.Content.ReadFromJsonAsync<JsonNode>(Cancelled))!["output"]!);

        server.Signal(Terminate);

        ToolResult result = await server.ExitAsync();
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("native POST /v1/execute 200 in ", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("6 * 7", result.Output, StringComparison.Ordinal);
        Assert.Empty(_tool.Leavings);
    }

    [Fact]
    public async Task A_killed_server_leaves_no_process_and_the_next_one_no_file()
    {
        using (ToolProcess server = await StartAsync())
        {
            using HttpClient client = await ClientAsync(server);
            Task<HttpResponseMessage> running = client.PostAsJsonAsync(
                "/v1/execute",
                new { code = $"import subprocess\nsubprocess.run(['sh', '-c', 'sleep 600; true', '{_marker}'])" },
                Cancelled);
            _ = await Task.WhenAny(running, HostProcesses.AppearsAsync(_marker));
            server.Signal(Kill);
            await server.ExitAsync();
            await Assert.ThrowsAsync<HttpRequestException>(() => running);
            await HostProcesses.AreGoneAsync(_marker);
        }

        using ToolProcess next = await StartAsync();
        using HttpClient again = await ClientAsync(next);
        Assert.Empty((await again.GetFromJsonAsync<JsonNode>("/v1/sessions", Cancelled))!["sessions"]!.AsArray());
        next.Signal(Terminate);
        Assert.Contains("Sessions of an earlier server that are closed: 1.", (await next.ExitAsync()).Output, StringComparison.Ordinal);

        // Those of the runtime itself stay when it is killed.
        Assert.DoesNotContain(_tool.Leavings, l => l.Contains("glovebox", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Limits_of_the_command_hold_in_its_sessions()
    {
        using ToolProcess server = await StartAsync("--memory", "256M", "--env", "COLOUR=red", "--max-sessions", "1", "--pool", "0");
        using HttpClient client = await ClientAsync(server);
        using HttpResponseMessage began = await client.PostAsync("/v1/sessions", null, Cancelled);
        JsonNode session = (await began.Content.ReadFromJsonAsync<JsonNode>(Cancelled))!;
        using HttpResponseMessage ran = await client.PostAsJsonAsync(
            $"/v1/sessions/{session["id"]}/execute",
            new { code = "import os\nprint(os.environ['COLOUR'])\nx = bytearray(400 << 20)" },
            Cancelled);
        JsonNode result = (await ran.Content.ReadFromJsonAsync<JsonNode>(Cancelled))!;
        Assert.StartsWith("red\n", (string)result["output"]!, StringComparison.Ordinal);
        Assert.NotEqual(0, (int)result["exitCode"]!);
        using HttpResponseMessage more = await client.PostAsync("/v1/sessions", null, Cancelled);
        Assert.Equal(HttpStatusCode.TooManyRequests, more.StatusCode);
    }

    [Fact]
    public async Task Templates_come_from_the_file_of_the_configuration()
    {
        string config = _folder["config.json"];
        await File.WriteAllTextAsync(
            config, """{"Templates": {"plain": {"Kind": "bubblewrap", "Environment": {"COLOUR": "blue"}}}}""", Cancelled);
        using ToolProcess server = await StartAsync("--config", config);
        using HttpClient client = await ClientAsync(server);
        using HttpResponseMessage response = await client.PostAsJsonAsync(
            "/v1/execute", new { code = "echo $COLOUR", language = "bash", session = new { template = "plain" } }, Cancelled);
        Assert.Equal("blue\n", (string)(await response.Content.ReadFromJsonAsync<JsonNode>(Cancelled))!["output"]!);
    }

    [Theory]
    [InlineData(2, "--listen", "example.org:8080")]
    [InlineData(2, "--listen", "127.0.0.1")]
    [InlineData(2, "--listen", "127.0.0.1:x")]
    [InlineData(2, "--listen", "1:8080")]
    [InlineData(2, "--max-sessions", "0")]
    [InlineData(2, "--memory", "1")]
    [InlineData(125, "--config", "/nowhere.json")]
    public async Task What_is_wrong_is_said_and_nothing_is_served(int exitCode, params string[] arguments)
    {
        ToolResult result = await _tool.RunAsync(["serve", "--data", Data, .. arguments]);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains("glovebox: ", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("defect", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_an_error_that_says_so()
    {
        using ToolProcess server = await StartAsync();
        ToolResult second = await _tool.RunAsync("serve", "--data", Data, "--listen", new Uri(Address(server)).Authority);
        Assert.Contains("address already in use", second.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(125, second.ExitCode);
    }

    [Fact]
    public async Task Traces_and_metrics_go_where_the_usual_variables_say()
    {
        using HttpListener collector = new();
        int port = FreePort();
        collector.Prefixes.Add($"http://127.0.0.1:{port}/");
        collector.Start();
        _tool.With("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{port}").With("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        using ToolProcess server = await StartAsync();
        using HttpClient client = await ClientAsync(server);
        using HttpResponseMessage response = await client.PostAsJsonAsync("/v1/execute", new { code = "'told' + 'nobody'" }, Cancelled);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        server.Signal(Terminate);
        HashSet<string> wanted = ["/v1/traces", "/v1/metrics"];
        while (wanted.Count > 0)
        {
            HttpListenerContext sent = await collector.GetContextAsync().WaitAsync(Cancelled);
            using MemoryStream body = new();
            await sent.Request.InputStream.CopyToAsync(body, Cancelled);
            string text = System.Text.Encoding.Latin1.GetString(body.ToArray());
            Assert.DoesNotContain("nobody", text, StringComparison.Ordinal);
            if (text.Contains("execute", StringComparison.Ordinal))
            {
                wanted.Remove(sent.Request.Url!.AbsolutePath);
            }

            sent.Response.Close();
        }

        await server.ExitAsync();
    }

    public void Dispose()
    {
        _tool.Dispose();
        _folder.Dispose();
    }

    private static string Address(ToolProcess server) => ListeningOn().Match(server.Printed).Groups[1].Value;

    private async Task<ToolProcess> StartAsync(params string[] arguments)
    {
        // Its log is on standard error.
        ToolProcess server = _tool.Start(
        [
            "env", "--default-signal=HUP,INT,TERM", "bash", "-c", "exec \"$0\" \"$@\" 2>&1", Tool.Executable,
            "serve", "--data", Data, "--listen", "127.0.0.1:0", .. arguments,
        ]);
        await server.PrintsAsync("sandboxes are of the kind interpreter.");
        return server;
    }

    private async Task<HttpClient> ClientAsync(ToolProcess server)
    {
        ToolResult key = await _tool.RunAsync("keys", "add", $"key-{Guid.NewGuid():n}", "--data", Data);
        HttpClient client = new() { BaseAddress = new Uri(Address(server)) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key.Output.Trim());
        return client;
    }

    private static int FreePort()
    {
        using System.Net.Sockets.TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("Listening on (http://[^;, ]+)")]
    private static partial Regex ListeningOn();
}
