using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli;

/// <summary>Signals to the tool: no guest process outlives it.</summary>
public sealed class SignalTests : IDisposable
{
    private const int Hangup = 1;
    private const int Interrupt = 2;
    private const int Kill = 9;
    private const int Terminate = 15;

    private readonly Tool _tool = new();
    private readonly string _marker = HostProcesses.NewMarker();

    [Theory]
    [InlineData("bubblewrap", Hangup)]
    [InlineData("bubblewrap", Interrupt)]
    [InlineData("bubblewrap", Terminate)]
    [InlineData("local", Interrupt)]
    [InlineData("local", Terminate)]
    public async Task A_signal_that_asks_the_tool_to_end_ends_the_program_first(string executor, int signal)
    {
        using ToolProcess process = await StartEndlessAsync("run", "--executor", executor);

        process.Signal(signal);

        ToolResult result = await process.ExitAsync();
        Assert.Equal("--- 1/1 python ---\nglovebox: The run was cancelled; its code was ended.\n", result.Errors);
        Assert.Equal(128 + signal, result.ExitCode);
        await HostProcesses.AreGoneAsync(_marker);
        Assert.Empty(_tool.Leavings);
    }

    [Fact]
    public async Task A_killed_tool_leaves_no_guest_process_behind()
    {
        using ToolProcess process = await StartEndlessAsync("run", "--executor", "bubblewrap");

        process.Signal(Kill);

        await process.ExitAsync();
        await HostProcesses.AreGoneAsync(_marker);
    }

    [Fact]
    public async Task An_interrupted_run_says_so_in_JSON()
    {
        using ToolProcess process = await StartEndlessAsync("run", "--json");

        process.Signal(Interrupt);

        ToolResult result = await process.ExitAsync();
        Assert.Equal(
            """{"error":{"code":"cancelled","message":"The run was cancelled; its code was ended.","hint":null}}""" + "\n", result.Output);
        Assert.Equal(130, result.ExitCode);
        await HostProcesses.AreGoneAsync(_marker);
    }

    [Fact]
    public async Task Ctrl_C_at_the_terminal_is_the_tools_to_act_on()
    {
        using TestFolder folder = new();
        using ToolProcess process = _tool.StartAtTerminal(80, "run", folder.Save(Replies.Endless(_marker)));
        await process.PrintsAsync("started");

        await process.TypeAsync("\u0003");

        ToolResult result = await process.ExitAsync();
        Assert.EndsWith("\r\nglovebox: The run was cancelled; its code was ended.\r\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(130, result.ExitCode);
        await HostProcesses.AreGoneAsync(_marker);
        Assert.Empty(_tool.Leavings);
    }

    public void Dispose() => _tool.Dispose();

    private async Task<ToolProcess> StartEndlessAsync(params string[] arguments)
    {
        // Whoever runs the tests may ignore signals, and a program inherits that.
        ToolProcess process = _tool.Start(["env", "--default-signal=HUP,INT,TERM", Tool.Executable, .. arguments, "-"]);
        await process.WriteAsync(System.Text.Encoding.UTF8.GetBytes(Replies.Endless(_marker)));
        process.EndInput();
        await HostProcesses.AppearsAsync(_marker);
        return process;
    }
}
