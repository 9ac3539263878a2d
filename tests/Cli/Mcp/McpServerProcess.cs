using System.Collections.Concurrent;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Tool = Glovebox.Tests.Cli.Support.Tool;

namespace Glovebox.Tests.Cli.Mcp;

/// <summary>The tool as a server, and the official C# client at its standard input and output.</summary>
internal sealed class McpServerProcess : IAsyncDisposable
{
    private readonly Tool _tool;

    private McpServerProcess(McpClient client, Tool tool)
    {
        Client = client;
        _tool = tool;
    }

    public McpClient Client { get; }

    public static Task<McpServerProcess> StartAsync(params string[] arguments) => StartAsync(null, arguments);

    /// <param name="protocolVersion">The version that the client asks for; null: its newest.</param>
    /// <param name="arguments">The arguments of <c>glovebox mcp</c>.</param>
    public static async Task<McpServerProcess> StartAsync(string? protocolVersion, string[] arguments)
    {
        Tool tool = new();
        StdioClientTransport transport = new(new()
        {
            Command = Tool.Executable,
            Arguments = ["mcp", .. arguments],
            EnvironmentVariables = tool.Variables.ToDictionary(),
            ShutdownTimeout = TimeSpan.FromSeconds(30),
        });
        McpClientOptions patient = new() { DiscoverProbeTimeout = TimeSpan.FromSeconds(60), ProtocolVersion = protocolVersion };
        McpClient client = await McpClient.CreateAsync(transport, patient, cancellationToken: TestContext.Current.CancellationToken);
        return new McpServerProcess(client, tool);
    }

    public ValueTask<CallToolResult> CallAsync(string tool, params (string Name, object? Value)[] arguments) =>
        Client.CallToolAsync(
            tool, arguments.ToDictionary(a => a.Name, a => a.Value), cancellationToken: TestContext.Current.CancellationToken);

    public ValueTask<CallToolResult> RunAsync(string code, string session = "main", string language = "python") =>
        CallAsync("run_code", ("language", language), ("code", code), ("session", session));

    /// <summary>Begins a run whose output the test sees as it comes.</summary>
    public (Task<CallToolResult> Result, LiveOutput Output) Begin(string code, string session, CancellationToken cancellationToken)
    {
        LiveOutput output = new();
        Dictionary<string, object?> arguments = new() { ["language"] = "python", ["code"] = code, ["session"] = session };
        return (Client.CallToolAsync("run_code", arguments, output, cancellationToken: cancellationToken).AsTask(), output);
    }

    public static string Text(CallToolResult result) => Assert.IsType<TextContentBlock>(result.Content[0]).Text;

    public async ValueTask DisposeAsync()
    {
        // The client closes the server's standard input; one that does not end by that is killed, and leaves files.
        await Client.DisposeAsync();
        string[] leavings = [.. _tool.Leavings];
        _tool.Dispose();
        Assert.Empty(leavings);
    }
}

/// <summary>Progress notifications.</summary>
internal sealed class LiveOutput : IProgress<ProgressNotificationValue>
{
    private readonly ConcurrentQueue<ProgressNotificationValue> _values = new();

    public IReadOnlyCollection<ProgressNotificationValue> Values => _values;

    /// <summary>What has been shown. The client handles messages at the same time, so they arrive in any order.</summary>
    public string Text => string.Concat(_values.OrderBy(v => v.Progress).Select(v => v.Message));

    public void Report(ProgressNotificationValue value) => _values.Enqueue(value);

    public Task ShowsAsync(string text) => Eventually.HoldsAsync(() => Text.Contains(text, StringComparison.Ordinal), $"progress shows {text}");
}
