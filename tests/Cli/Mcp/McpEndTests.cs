using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli.Mcp;

/// <summary>Signals to <c>glovebox mcp</c>.</summary>
public sealed class McpEndTests
{
    [Fact]
    public async Task A_signal_ends_the_server_and_all_code()
    {
        using Tool tool = new();
        using ToolProcess process = tool.Start([Tool.Executable, "mcp"]);
        await InitializeAsync(process);
        process.Signal(15);
        ToolResult result = await process.ExitAsync();
        Assert.Equal(143, result.ExitCode);
        Assert.Empty(tool.Leavings);
    }

    [Fact]
    public async Task A_signal_ends_a_server_whose_client_does_not_read()
    {
        using Tool tool = new();
        using ToolProcess process = tool.Start([Tool.Executable, "mcp", "--max-text", "1000000"]);
        await InitializeAsync(process);

        // Far more than a pipe holds.
        await process.WriteAsync(
            """{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"run_code","arguments":{"language":"python","code":"print('x' * 900000)"}}}"""u8.ToArray());
        await process.WriteAsync("\n"u8.ToArray());
        await process.PrintsAsync("xxxx");
        process.Signal(15);
        Assert.Equal(143, await process.ExitUnreadAsync());
        Assert.Empty(tool.Leavings);
    }

    private static async Task InitializeAsync(ToolProcess process)
    {
        await process.WriteAsync(
            """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}"""u8.ToArray());
        await process.WriteAsync("\n"u8.ToArray());
        await process.PrintsAsync("\"serverInfo\"");
    }
}
