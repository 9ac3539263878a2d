using ModelContextProtocol.Protocol;

namespace Glovebox.Tests.Cli.Mcp;

/// <summary>Sessions: apart from each other, bounded, ended.</summary>
public sealed class McpSessionTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_sessions_at_once_do_not_see_each_others_files()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync("--max-sessions", "10");
        string[] seen = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            await server.RunAsync($"open('mine-{i}', 'w').write('x')", $"s{i}");
            return McpServerProcess.Text(await server.CallAsync("list_files", ("session", $"s{i}")));
        }));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"mine-{i} (1 bytes)\n"), seen);
    }

    /// <summary>The sandbox in which the server looked for languages is the first session's.</summary>
    [Theory]
    [InlineData("interpreter")]
    [InlineData("command-line")]
    public async Task The_first_session_begins_empty(string executor)
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync("--executor", executor);
        string first = McpServerProcess.Text(await server.RunAsync("ls -A; echo \"[$program]\"", language: "bash"));
        Assert.InRange(first.Split("tmp_code_").Length - 1, 0, 1);
        Assert.EndsWith("\n[]\n", first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task There_are_no_more_than_allowed_and_the_model_is_told_which_there_are()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync("--max-sessions", "2");
        await server.RunAsync("print(1)", "one");
        await server.RunAsync("print(2)", "two");
        CallToolResult third = await server.RunAsync("print(3)", "three");
        Assert.True(third.IsError);
        Assert.Equal(
            "There are 2 sessions already. They are: one, two. Use one of them, or end one with reset_session.",
            McpServerProcess.Text(third));
        Assert.Equal(
            "The session one has ended; its files are gone.",
            McpServerProcess.Text(await server.CallAsync("reset_session", ("session", "one"))));
        Assert.NotEqual(true, (await server.RunAsync("print(3)", "three")).IsError);
    }

    [Fact]
    public async Task Asking_for_files_or_a_reset_begins_no_session()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        Assert.Equal(
            "There is no session a. There is none yet. run_code or write_file begins one.", McpServerProcess.Text(await server.CallAsync("list_files", ("session", "a"))));
        await server.RunAsync("print(1)", "b");
        Assert.Equal(
            "There is no session a. Sessions are: b. run_code or write_file begins one.",
            McpServerProcess.Text(await server.CallAsync("read_file", ("session", "a"), ("path", "x"))));
        Assert.Equal("There is no session a.", McpServerProcess.Text(await server.CallAsync("reset_session", ("session", "a"))));
    }

    [Fact]
    public async Task A_reset_kills_what_runs_and_begins_with_no_files()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        string marker = HostProcesses.NewMarker();
        (Task<CallToolResult> result, _) = server.Begin(
            $"open('old', 'w'); import os; os.execvp('sleep', ['{marker}', '600'])", "main", Ct);
        await HostProcesses.AppearsAsync(marker);
        await server.CallAsync("reset_session", ("session", "main"));
        Assert.Equal("The session was reset while this ran; the code was ended.", McpServerProcess.Text(await result));
        await HostProcesses.AreGoneAsync(marker);
        Assert.Equal(
            "Exit code: 0\nOutput:\nFalse\n", McpServerProcess.Text(await server.RunAsync("import os; print(os.path.exists('old'))")));
    }

    [Fact]
    public async Task A_session_that_nobody_uses_ends()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync("--idle-timeout", "0.2");
        await server.RunAsync("print(1)", "idle");
        string said = "";
        while (!said.StartsWith("There is no session idle.", StringComparison.Ordinal))
        {
            // Each look uses the session: it ends only while the test lets it be.
            await Task.Delay(TimeSpan.FromSeconds(0.5), Ct);
            said = McpServerProcess.Text(await server.CallAsync("list_files", ("session", "idle")));
        }
    }

    [Theory]
    [InlineData("bubblewrap", "False")]
    [InlineData("local", "True")] // The canary: what the sandbox hides is there.
    public async Task The_executor_comes_from_the_command_line(string executor, string sees)
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync("--executor", executor);
        CallToolResult result = await server.CallAsync(
            "run_code",
            ("language", "python"),
            ("code", $"import os; print(os.path.exists({System.Text.Json.JsonSerializer.Serialize(AppContext.BaseDirectory)}))"),
            ("session", "main"));
        Assert.Equal($"Exit code: 0\nOutput:\n{sees}\n", McpServerProcess.Text(result));
    }

    [Theory]
    [InlineData("executor", "local")]
    [InlineData("network", "full")]
    public async Task A_model_that_asks_for_another_executor_or_network_is_refused_and_nothing_runs(string argument, string value)
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        CallToolResult result = await server.CallAsync(
            "run_code", ("language", "python"), ("code", "open('ran', 'w')"), ("session", "main"), (argument, value));
        Assert.True(result.IsError);
        Assert.Equal($"The tool run_code has no argument '{argument}'.", McpServerProcess.Text(result));
        Assert.StartsWith(
            "There is no session main.", McpServerProcess.Text(await server.CallAsync("list_files", ("session", "main"))), StringComparison.Ordinal);
    }
}
