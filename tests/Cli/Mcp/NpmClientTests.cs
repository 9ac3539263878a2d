using System.Text.Json.Nodes;
using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli.Mcp;

/// <summary>The server as the npm SDK sees it, another implementation of the protocol.</summary>
public sealed class NpmClientTests
{
    [Fact]
    public async Task The_npm_client_runs_code_moves_files_and_cancels()
    {
        string? modules = Environment.GetEnvironmentVariable("GLOVEBOX_TEST_MCP_CLIENT");
        Assert.SkipWhen(
            modules is null,
            "The npm client is not installed. Run ./test, or eng/setup/30-mcp-client start and set the variable that it prints.");
        using Tool tool = new();
        using ToolProcess process = tool.Start(
            ["node", Path.Combine(AppContext.BaseDirectory, "Mcp/npm/client.mjs"), modules, Tool.Executable, "mcp"]);
        ToolResult result = await process.EndAsync();
        Assert.True(result.ExitCode == 0, result.Errors);
        JsonNode seen = JsonNode.Parse(result.Output)!;

        Assert.Equal("glovebox", (string?)seen["server"]);
        Assert.Equal(
            ["run_code", "write_file", "read_file", "list_files", "reset_session"], seen["tools"]!.AsArray().Select(t => (string?)t));
        Assert.Equal("Exit code: 0\nOutput:\none\ntwo\n", Text("run"));
        Assert.Equal("one\ntwo\n", (string?)seen["live"]);
        Assert.True((bool)seen["grows"]!);
        Assert.Equal("hello", Text("read"));
        Assert.Equal("in/data.txt (5 bytes)\n", Text("files"));
        Assert.True((bool)seen["cancelled"]!);
        Assert.Equal("Exit code: 0\nOutput:\nalive\n", Text("after"));
        Assert.Equal("The session npm has ended; its files are gone.", Text("reset"));
        Assert.Equal(-32602, (int)seen["unknown"]!["code"]!);
        Assert.Empty(tool.Leavings);

        string? Text(string name) => (string?)seen[name]!["content"]![0]!["text"];
    }
}
