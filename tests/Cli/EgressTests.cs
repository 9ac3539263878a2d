using System.Text.Json;
using Glovebox.Tests.Cli.Mcp;
using Glovebox.Tests.Cli.Support;
using Glovebox.Tests.Common.Egress;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Tool = Glovebox.Tests.Cli.Support.Tool;

namespace Glovebox.Tests.Cli;

/// <summary><c>--allow-domain</c> and <c>--secret</c>.</summary>
public sealed class EgressTests : IAsyncDisposable
{
    private const string Value = "the-value-of-the-key";

    /// <summary>Asks by the proxy also for what is excepted from it, as addresses of this machine are.</summary>
    private const string Curl = "curl -sS --noproxy ''";

    private readonly Tool _tool = new();
    private readonly EgressServer _server = new();

    private string Server => $"127.0.0.1:{_server.Port}";

    [Fact]
    public async Task Code_reaches_what_is_allowed_with_a_secret_that_it_does_not_see()
    {
        string reply = Replies.Of(("bash", $"{Curl} -H \"X-Key: $API_KEY\" http://{Server}/hello; echo; echo $API_KEY"));
        ToolResult result = await _tool.With("API_KEY", Value).RunWithInputAsync(
            reply, "run", "--allow-domain", Server, "--secret", $"API_KEY@{Server}");

        Assert.Matches("^hello\nglovebox-API_KEY-[0-9a-f]{24}\n$", result.Output);
        Assert.Equal("--- 1/1 bash ---\n", result.Errors);
        Assert.Contains($"\r\nX-Key: {Value}\r\n", Assert.Single(_server.Requests), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task What_was_refused_is_said_at_the_end_with_the_option_that_allows_it()
    {
        string reply = Replies.Of(
            ("bash", $"for i in 1 2; do {Curl} -o /dev/null https://evil.test/; done; {Curl} -o /dev/null http://evil.test:8080/"),
            ("bash", $"{Curl} -X DELETE -o /dev/null http://{Server}/a/b?key=x; {Curl} -o /dev/null http://bad..name/"));
        string[] arguments = ["run", "--allow-domain", $"GET {Server}/a"];
        string[] expected =
        [
            "Refused: evil.test:443 (not in the list; --allow-domain evil.test allows it)",
            "Refused: evil.test:8080 (not in the list; --allow-domain evil.test:8080 allows it)",
            $"Refused: {Server} (DELETE /a/b is not in the list)",
            "Refused: bad..name:80 (this is no name of a host)",
        ];

        ToolResult result = await _tool.RunWithInputAsync(reply, arguments);
        Assert.EndsWith("\n" + string.Concat(expected.Select(e => e + "\n")), result.Errors, StringComparison.Ordinal);
        Assert.Empty(result.Output);

        using TestFolder folder = new();
        ToolResult shown = await _tool.With("NO_COLOR", "1").RunAtTerminalAsync(120, [.. arguments, folder.Save(reply)]);
        Assert.Equal(expected, shown.Lines[^4..]);

        ToolResult json = await _tool.RunWithInputAsync(reply, [.. arguments, "--json"]);
        JsonElement refused = JsonDocument.Parse(json.Output).RootElement.GetProperty("refused");
        Assert.Equal(4, refused.GetArrayLength());
        Assert.Equal("""{"host":"evil.test","port":443,"reason":"not-in-list"}""", refused[0].GetRawText());
        Assert.Equal(
            $$"""{"host":"127.0.0.1","port":{{_server.Port}},"reason":"request-not-in-list","method":"DELETE","path":"/a/b"}""",
            refused[2].GetRawText());
    }

    [Fact]
    public async Task Names_that_code_makes_up_are_told_of_up_to_a_number()
    {
        string code = """
            import http.client
            proxy = http.client.HTTPConnection('127.0.0.1', 3128)
            for i in range(30):
                proxy.request('GET', f'http://n{i}.test/', headers={'Host': f'n{i}.test'})
                proxy.getresponse().read()
            """;
        ToolResult result = await _tool.RunWithInputAsync(Replies.Python(code), "run", "--allow-domain", "good.test");

        Assert.Equal(20, result.Errors.Split("Refused: n").Length - 1);
        Assert.EndsWith("\nRefused: 10 more\n", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_list_nothing_is_said_of_one()
    {
        ToolResult result = await _tool.RunWithInputAsync(Replies.Python("print(1)"), "run", "--json");
        Assert.DoesNotContain("refused", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--allow-domain: 'a.*.org' is no rule: a wildcard stands at the beginning alone: *.example.org.", "--allow-domain", "a.*.org")]
    [InlineData("--allow-domain says what the blocks reach; leave out --network.", "--allow-domain", "a.org", "--network", "full")]
    [InlineData("--secret needs --allow-domain, which says what the blocks reach.", "--secret", "API_KEY@a.org")]
    [InlineData("--secret: the environment has no variable NO_KEY, or an empty one.", "--allow-domain", "a.org", "--secret", "NO_KEY@a.org")]
    [InlineData("--secret takes NAME@DOMAIN, not 'API_KEY'.", "--allow-domain", "a.org", "--secret", "API_KEY")]
    public async Task A_wrong_rule_or_secret_is_said_before_anything_runs(string message, params string[] arguments)
    {
        ToolResult result = await _tool.With("API_KEY", Value).RunWithInputAsync(Replies.Python("print(1)"), ["run", .. arguments]);

        Assert.Equal($"glovebox: {message}\nSee: glovebox run --help\n", result.Errors);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task A_secret_that_cannot_be_sent_is_wrong_usage_and_not_shown()
    {
        ToolResult result = await _tool.With("API_KEY", "my key").RunWithInputAsync(
            Replies.Python("print(1)"), "run", "--allow-domain", "a.org", "--secret", "API_KEY@a.org");

        Assert.Equal(
            "glovebox: Secrets: the value of API_KEY must be 8 to 8192 printable ASCII letters, without spaces.\n", result.Errors);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task The_local_executor_cannot_keep_a_list()
    {
        ToolResult result = await _tool.RunWithInputAsync(
            Replies.Python("print(1)"), "run", "--executor", "local", "--allow-domain", "a.org");

        Assert.StartsWith("glovebox: --executor local cannot honour --allow-domain.\nLeave it out", result.Errors, StringComparison.Ordinal);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task A_model_is_told_what_its_code_reaches_and_what_was_refused()
    {
        // The client starts the server with this environment.
        Environment.SetEnvironmentVariable("GB_TEST_KEY", Value);
        await using McpServerProcess server = await McpServerProcess.StartAsync(
            "--allow-domain", Server, "--allow-domain", "pypi", "--secret", $"GB_TEST_KEY@{Server}");
        IList<McpClientTool> tools = await server.Client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.EndsWith(
            $" It reaches no network but, by the proxy that HTTP_PROXY and HTTPS_PROXY name: {Server}; pypi. The environment variable "
                + $"GB_TEST_KEY stands for a secret: put it into a header or a query, and {Server} gets the value.",
            tools.Single(t => t.Name == "run_code").Description,
            StringComparison.Ordinal);

        CallToolResult result = await server.RunAsync($"{Curl} http://{Server}/; {Curl} -o /dev/null http://evil.test/", language: "bash");
        Assert.Contains("hello", McpServerProcess.Text(result), StringComparison.Ordinal);
        Assert.Contains("Refused: evil.test:80 (not in the list)", McpServerProcess.Text(result), StringComparison.Ordinal);
        Assert.Equal("Refused: evil.test:80 (not in the list)", result.StructuredContent!.Value.GetProperty("notes")[0].GetString());
    }

    public async ValueTask DisposeAsync()
    {
        _tool.Dispose();
        await _server.DisposeAsync();
    }
}
