using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli;

/// <summary>Output while the program runs, and readers that leave.</summary>
public sealed class LiveOutputTests : IDisposable
{
    private readonly Tool _tool = new();
    private readonly TestFolder _folder = new();

    [Theory]
    [InlineData("bubblewrap")]
    [InlineData("local")]
    public async Task What_a_program_prints_arrives_while_it_runs(string executor)
    {
        // The program goes on only once the test has answered its first line.
        string reply = _folder.Save(Replies.Python("""
            import os
            os.mkfifo("answer")
            print("first", flush=True)
            print("second", open("answer").read())
            """));
        using ToolProcess process = _tool.Start([Tool.Executable, "run", reply, "--work-dir", _folder["work"], "--executor", executor]);
        await process.PrintsAsync("first\n");

        await File.WriteAllTextAsync(Path.Combine(_folder["work"], "answer"), "line", TestContext.Current.CancellationToken);

        ToolResult result = await process.EndAsync();
        Assert.Equal("first\nsecond line\n", result.Output);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task A_reader_that_leaves_ends_the_program_quietly()
    {
        string marker = HostProcesses.NewMarker();
        string reply = _folder.Save(Replies.Of(("bash", $"echo first; (exec -a {marker} sleep 600) & while :; do echo more; done")));

        ToolResult result = await _tool.ShellAsync("\"$TOOL\" run \"$1\" | head -n 1; echo \"${PIPESTATUS[0]}\"", reply);

        Assert.Equal("first\n141\n", result.Output);
        Assert.Equal("--- 1/1 bash ---\n", result.Errors);
        await HostProcesses.AreGoneAsync(marker);
        Assert.Empty(_tool.Leavings);
    }

    [Fact]
    public async Task A_reader_of_JSON_that_leaves_is_no_error()
    {
        ToolResult result = await _tool.ShellAsync(
            "\"$TOOL\" run --json \"$1\" | true; echo \"${PIPESTATUS[0]}\"", _folder.Save(Replies.Python("print(1)")));

        Assert.Equal("141\n", result.Output);
        Assert.Empty(result.Errors);
    }

    [Fact]
    public async Task Output_that_cannot_be_written_ends_the_run_with_an_error()
    {
        string marker = HostProcesses.NewMarker();

        ToolResult result = await _tool.ShellAsync("\"$TOOL\" run \"$1\" >/dev/full", _folder.Save(Replies.Endless(marker)));

        Assert.Equal("--- 1/1 python ---\nglovebox: Standard output cannot be written: No space left on device.\n", result.Errors);
        Assert.Equal(125, result.ExitCode);
        await HostProcesses.AreGoneAsync(marker);
    }

    public void Dispose()
    {
        _tool.Dispose();
        _folder.Dispose();
    }
}
