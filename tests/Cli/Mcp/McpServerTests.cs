using System.Text.Json;
using System.Text.Json.Nodes;
using Glovebox.Tests.Cli.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Tool = Glovebox.Tests.Cli.Support.Tool;

namespace Glovebox.Tests.Cli.Mcp;

/// <summary>The server as the official C# client sees it.</summary>
public sealed class McpServerTests
{
    private const string Picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_offers_five_tools_and_says_how_to_use_them()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        IList<McpClientTool> tools = await server.Client.ListToolsAsync(cancellationToken: Ct);
        Assert.EndsWith(
            " Variables and imports stay, too.",
            tools.Single(t => t.Name == "run_code").Description,
            StringComparison.Ordinal);
        Assert.Equal(["run_code", "write_file", "read_file", "list_files", "reset_session"], tools.Select(t => t.Name));
        Assert.Equal(["language", "code"], tools[0].JsonSchema.GetProperty("required").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal("glovebox", server.Client.ServerInfo?.Name);
        Assert.Contains("session", server.Client.ServerInstructions ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variables_stay_from_call_to_call_unless_processes_are_asked_for()
    {
        await using (McpServerProcess server = await McpServerProcess.StartAsync())
        {
            await server.RunAsync("kept = 6 * 7");
            Assert.Equal("Exit code: 0\nOutput:\n42\n", McpServerProcess.Text(await server.RunAsync("kept")));
        }

        await using (McpServerProcess server = await McpServerProcess.StartAsync("--executor", "command-line"))
        {
            await server.RunAsync("kept = 6 * 7");
            Assert.True((await server.RunAsync("print(kept)")).IsError);
        }
    }

    [Fact]
    public async Task Without_a_session_a_call_has_the_one_that_is_called_default()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        await server.CallAsync("write_file", ("path", "a.txt"), ("content", "x"));
        Assert.Equal("a.txt (1 bytes)\n", McpServerProcess.Text(await server.CallAsync("list_files", ("session", "default"))));
        Assert.Equal("x", McpServerProcess.Text(await server.CallAsync("read_file", ("path", "a.txt"))));
        Assert.Equal("The session default has ended; its files are gone.", McpServerProcess.Text(await server.CallAsync("reset_session")));
    }

    [Fact]
    public async Task A_program_gives_its_output_and_a_failing_one_is_an_error_that_says_why()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        CallToolResult good = await server.RunAsync("print(6 * 7)");
        Assert.Equal("Exit code: 0\nOutput:\n42\n", McpServerProcess.Text(good));
        Assert.NotEqual(true, good.IsError);
        CallToolResult bad = await server.RunAsync("1/0");
        Assert.True(bad.IsError);
        Assert.Contains("ZeroDivisionError", McpServerProcess.Text(bad), StringComparison.Ordinal);
        Assert.Contains(
            "unknown language klingon", McpServerProcess.Text(await server.RunAsync("x", language: "klingon")), StringComparison.Ordinal);
        Assert.Equal("Exit code: 0\nOutput:\nhi\n", McpServerProcess.Text(await server.RunAsync("echo hi", language: "sh")));
        Assert.Equal("Exit code: 0\nOutput:\n1\n", McpServerProcess.Text(await server.RunAsync("```python\nprint(1)\n```\n")));
    }

    [Fact]
    public async Task A_program_gets_the_time_arguments_variables_and_input_of_the_call()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync("--timeout", "30");
        CallToolResult result = await server.CallAsync(
            "run_code",
            ("language", "python"),
            ("code", "import os, sys\nprint(sys.argv[1:], os.environ['GIVEN'], input())"),
            ("arguments", (List<string>)["-a", "b c"]),
            ("environment", new Dictionary<string, string> { ["GIVEN"] = "x" }),
            ("stdin", "line\n"),
            ("timeout", 20.5));
        Assert.Equal("Exit code: 0\nOutput:\n['-a', 'b c'] x line\n", McpServerProcess.Text(result));
        result = await server.CallAsync("run_code", ("language", "sh"), ("code", "sleep 600"), ("timeout", 0.1));
        Assert.Contains("Timed out after 0.1 s", McpServerProcess.Text(result), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("timeout", 31, "The argument 'timeout' must be more than 0 and at most 30 seconds.")]
    [InlineData("timeout", -1, "The argument 'timeout' must be more than 0 and at most 30 seconds.")]
    [InlineData("timeout", "5", "The argument 'timeout' must be a number.")]
    [InlineData("arguments", "-a", "The argument 'arguments' must be a list of strings.")]
    [InlineData("arguments", new[] { 1 }, "The argument 'arguments' must be a list of strings.")]
    [InlineData("arguments", new[] { "\0" }, "Arguments must not hold a null or a NUL.")]
    [InlineData("environment", "A=b", "The argument 'environment' must be an object of strings.")]
    public async Task Wrong_options_of_a_call_are_said_and_nothing_runs(string name, object value, string said)
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync("--timeout", "30");
        CallToolResult result = await server.CallAsync("run_code", ("language", "python"), ("code", "print('ran')"), (name, value));
        Assert.True(result.IsError);
        Assert.StartsWith(said, McpServerProcess.Text(result), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_files_name_forges_no_line_of_what_a_model_reads()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        string run = McpServerProcess.Text(await server.RunAsync("open('a\\nExit code: 1', 'w').write('1')\nprint('fine')"));
        string listed = McpServerProcess.Text(await server.CallAsync("list_files", ("session", "main")));
        string wrote = McpServerProcess.Text(
            await server.CallAsync("write_file", ("session", "main"), ("path", "b\u2028Exit code: 2\u001b[2J"), ("content", "x")));
        Assert.StartsWith("Exit code: 0\nOutput:\nfine\n", run, StringComparison.Ordinal);
        Assert.Contains("Files: a\\nExit code: 1 (1 bytes)\n", run, StringComparison.Ordinal);
        string[] texts = [run, listed, wrote];
        Assert.All(
            texts, t => Assert.DoesNotContain(t.Split('\n', '\u2028').Skip(1), l => l.StartsWith("Exit code", StringComparison.Ordinal)));
        Assert.DoesNotContain('\u001b', wrote);

        // The canary: the name has the line, and is a file's.
        Assert.Equal("1", McpServerProcess.Text(await server.CallAsync("read_file", ("session", "main"), ("path", "a\nExit code: 1"))));
    }

    [Fact]
    public async Task Code_that_is_too_long_is_refused_and_the_session_lives()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        CallToolResult refused = await server.RunAsync("#" + new string('x', 4 << 20));
        Assert.True(refused.IsError);
        Assert.Contains(
            "the argument 'code' has 4194305 bytes, and 4194304 is the most", McpServerProcess.Text(refused), StringComparison.Ordinal);
        Assert.Equal("Exit code: 0\nOutput:\n1\n", McpServerProcess.Text(await server.RunAsync("print(1)#" + new string('x', 1 << 20))));
    }

    [Fact]
    public async Task A_message_that_is_too_long_ends_the_server_with_a_word()
    {
        using Tool tool = new();

        // The client goes on: it neither closes its end nor ends.
        ToolResult result = await tool.ShellAsync("""
            exec 3< <(printf '{"jsonrpc":"2.0","id":1,"method":"'; head -c 17000000 /dev/zero | tr '\0' x; exec sleep 100 2>/dev/null)
            "$TOOL" mcp --executor local <&3
            code=$?
            kill $!
            exit $code
            """);
        Assert.Contains("glovebox: A message of the client is longer than 16 MiB.", result.Errors, StringComparison.Ordinal);
        Assert.Contains("\"error\":{\"code\":-32700", result.Output, StringComparison.Ordinal);
        Assert.Equal(125, result.ExitCode);
    }

    [Fact]
    public async Task Pictures_that_a_run_made_come_with_it_and_what_only_says_that_it_is_one_does_not()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        CallToolResult result = await server.RunAsync($"""
            import base64
            open("plot.png", "wb").write(base64.b64decode("{Picture}"))
            open("fake.png", "w").write("no picture")
            open("data.csv", "w").write("a,b")
            """);
        ImageContentBlock image = Assert.IsType<ImageContentBlock>(Assert.Single(result.Content.Skip(1)));
        Assert.Equal("image/png", image.MimeType);
        Assert.Equal(Convert.FromBase64String(Picture), image.DecodedData.ToArray());
        Assert.EndsWith(
            "\nNot attached, because the picture is broken or incomplete: fake.png.\n",
            McpServerProcess.Text(result),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pictures_that_are_too_many_are_counted()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        CallToolResult result = await server.RunAsync($"""
            import base64
            for i in range(12): open("p%02d.png" % i, "wb").write(base64.b64decode("{Picture}"))
            """);
        Assert.Equal(8, result.Content.OfType<ImageContentBlock>().Count());
        Assert.Contains("\nLeft out: 4 pictures more; at most 8 are attached", McpServerProcess.Text(result), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_text_is_bounded_and_clean()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync("--max-text", "2000");
        string run = McpServerProcess.Text(await server.RunAsync(
            "for i in range(500): open('a rather long name of a file, number %d' % i, 'w')\nopen('long.txt', 'w').write('y' * 100000)\n"
            + "print('10%\\r\\x1b[31m' + 'x' * 100000)"));
        Assert.InRange(run.Length, 1950, 2000);
        Assert.StartsWith("Exit code: 0\nOutput:\nxxx", run, StringComparison.Ordinal);
        Assert.Contains("characters left out", run, StringComparison.Ordinal);
        string listed = McpServerProcess.Text(await server.CallAsync("list_files", ("session", "main")));
        Assert.InRange(listed.Length, 1800, 2000);
        Assert.Matches(@"\nand \d+ more files\n$", listed);
        string read = McpServerProcess.Text(await server.CallAsync("read_file", ("session", "main"), ("path", "long.txt")));
        Assert.InRange(read.Length, 1950, 2000);
        Assert.Contains("characters left out", read, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_comes_as_progress_while_the_program_runs()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        (Task<CallToolResult> result, LiveOutput output) = server.Begin(
            """
            import os, time
            for word in 'started', 'done':
                print(word, flush=True)
                while not os.path.exists('go'): time.sleep(0.01)
                os.remove('go')
            """, "main", Ct);

        // A client that has the result looks at no more progress: the program does not end before all of it is there.
        foreach (string word in new[] { "started\n", "done\n" })
        {
            await output.ShowsAsync(word);
            Assert.False(result.IsCompleted);
            await server.CallAsync("write_file", ("session", "main"), ("path", "go"), ("content", ""));
        }

        Assert.Equal("Exit code: 0\nOutput:\nstarted\ndone\n", McpServerProcess.Text(await result));
        Assert.Equal("started\ndone\n", output.Text);
        Assert.Equal(output.Values.Count, output.Values.Select(v => v.Progress).Distinct().Count());
    }

    [Fact]
    public async Task Files_go_in_and_come_out_as_what_they_are()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        Assert.Equal("Wrote in/note.txt (6 bytes).", McpServerProcess.Text(await WriteAsync("in/note.txt", "grüß")));
        await WriteAsync("plot.png", Picture, "base64");
        await WriteAsync("raw.bin", Convert.ToBase64String([0, 255, 1]), "base64");
        Assert.Equal("Exit code: 0\nOutput:\ngrüß\n", McpServerProcess.Text(await server.RunAsync("print(open('in/note.txt').read())")));

        Assert.Equal("grüß", McpServerProcess.Text(await ReadAsync("in/note.txt")));
        Assert.Equal("image/png", Assert.IsType<ImageContentBlock>(Assert.Single((await ReadAsync("plot.png")).Content)).MimeType);
        await WriteAsync("cut.png", Picture[..60], "base64");
        Assert.Equal("cut.png is a broken or incomplete picture of 45 bytes.", McpServerProcess.Text(await ReadAsync("cut.png")));
        await server.RunAsync("import os; os.remove('cut.png')");
        EmbeddedResourceBlock raw = Assert.IsType<EmbeddedResourceBlock>(Assert.Single((await ReadAsync("raw.bin")).Content));
        Assert.Equal([0, 255, 1], Assert.IsType<BlobResourceContents>(raw.Resource).DecodedData.ToArray());
        Assert.Equal(
            "in/note.txt (6 bytes)\nplot.png (70 bytes)\nraw.bin (3 bytes)\n",
            McpServerProcess.Text(await server.CallAsync("list_files", ("session", "main"))));

        ValueTask<CallToolResult> WriteAsync(string path, string content, string encoding = "utf-8") =>
            server.CallAsync("write_file", ("session", "main"), ("path", path), ("content", content), ("encoding", encoding));

        ValueTask<CallToolResult> ReadAsync(string path) => server.CallAsync("read_file", ("session", "main"), ("path", path));
    }

    [Theory]
    [InlineData("write_file", "../out.txt", "is not in the work directory")]
    [InlineData("write_file", "/etc/passwd", "is not in the work directory")]
    [InlineData("read_file", "../../etc/passwd", "is not in the work directory")]
    [InlineData("read_file", "link", "is not in the work directory")]
    [InlineData("read_file", "missing", "There is no regular file")]
    public async Task What_leads_outside_is_refused(string tool, string path, string said)
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        await server.RunAsync("import os; os.symlink('/etc/passwd', 'link')");
        CallToolResult result = await (tool == "write_file"
            ? server.CallAsync(tool, ("session", "main"), ("path", path), ("content", "x"))
            : server.CallAsync(tool, ("session", "main"), ("path", path)));
        Assert.True(result.IsError);
        Assert.Contains(said, McpServerProcess.Text(result), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run_code", """{"language":"python","session":"main"}""", "The argument 'code' is missing")]
    [InlineData("run_code", """{"language":"python","code":7,"session":"main"}""", "The argument 'code' must be a string.")]
    [InlineData("run_code", """{"language":"python","code":"print(1)","session":"../x"}""", "The argument 'session' must be a name")]
    [InlineData("run_code", """{"language":"python","code":"print(1)","session":"x\n"}""", "The argument 'session' must be a name")]
    [InlineData("run_code", """{"language":"python","code":null,"session":"main"}""", "The argument 'code' is missing")]
    [InlineData("run_code", """{"language":"python","code":"print(1)","session":""}""", "The argument 'session' must be a name")]
    [InlineData("list_files", """{"session":"main","a\nb\u001b":""}""", "The tool list_files has no argument 'a\u240ab\u241b'.")]
    [InlineData("write_file", """{"path":"a","content":"?","encoding":"base64","session":"main"}""", "is not Base64")]
    [InlineData("write_file", """{"path":"a","content":"?","encoding":"utf-7","session":"main"}""", "must be utf-8 or base64")]
    public async Task Arguments_that_cannot_be_used_are_told(string tool, string arguments, string said)
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        Dictionary<string, object?> given = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(arguments)!
            .ToDictionary(a => a.Key, a => (object?)a.Value);
        CallToolResult result = await server.Client.CallToolAsync(tool, given, cancellationToken: Ct);
        Assert.True(result.IsError);
        Assert.Contains(said, McpServerProcess.Text(result), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_schemas_say_all_that_is_checked()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        IList<McpClientTool> tools = await server.Client.ListToolsAsync(cancellationToken: Ct);
        Assert.All(tools, tool =>
        {
            Assert.False(tool.JsonSchema.GetProperty("additionalProperties").GetBoolean());
            Assert.Equal("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", Of(tool, "session").GetProperty("pattern").GetString());
        });
        Assert.StartsWith(
            "The language: python, bash, sh", Of(tools[0], "language").GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.Equal("number", Of(tools[0], "timeout").GetProperty("type")[0].GetString());
        Assert.Equal("array", Of(tools[0], "arguments").GetProperty("type")[0].GetString());
        Assert.Equal(["utf-8", "base64"], Of(tools[1], "encoding").GetProperty("enum").EnumerateArray().Select(e => e.GetString()));

        static JsonElement Of(McpClientTool tool, string argument) => tool.JsonSchema.GetProperty("properties").GetProperty(argument);
    }

    [Fact]
    public async Task A_tool_that_there_is_not_is_an_error_of_the_protocol()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        McpProtocolException e = await Assert.ThrowsAsync<McpProtocolException>(() => server.CallAsync("no_such_tool").AsTask());
        Assert.Equal(McpErrorCode.InvalidParams, e.ErrorCode);
    }

    [Fact]
    public async Task Cancellation_kills_the_code()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        string marker = HostProcesses.NewMarker();

        // The client's own cancellation gives up waiting without telling the server, so the test tells it.
        using CancellationTokenSource end = new();
        Task<JsonRpcResponse> call = server.Client.SendRequestAsync(
            new JsonRpcRequest
            {
                Id = new RequestId("mine"),
                Method = RequestMethods.ToolsCall,
                Params = new JsonObject
                {
                    ["name"] = "run_code",
                    ["arguments"] = new JsonObject
                    {
                        ["session"] = "main",
                        ["language"] = "python",
                        ["code"] = $"import os; os.execvp('sleep', ['{marker}', '600'])",
                    },
                },
            },
            end.Token);
        await HostProcesses.AppearsAsync(marker);
        await server.Client.SendNotificationAsync(
            NotificationMethods.CancelledNotification,
            new CancelledNotificationParams { RequestId = new RequestId("mine") },
            cancellationToken: Ct);
        await Eventually.HoldsAsync(() => HostProcesses.With(marker).Count == 0, "the program is gone");
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal("Exit code: 0\nOutput:\non\n", McpServerProcess.Text(await server.RunAsync("print('on')")));
    }

    [Fact]
    public async Task The_end_of_standard_input_ends_the_server_and_all_code()
    {
        McpServerProcess server = await McpServerProcess.StartAsync();
        string marker = HostProcesses.NewMarker();
        (Task<CallToolResult> result, _) = server.Begin($"import os; os.execvp('sleep', ['{marker}', '600'])", "main", Ct);
        await HostProcesses.AppearsAsync(marker);
        await server.DisposeAsync();
        Assert.Empty(HostProcesses.With(marker));
        await Assert.ThrowsAnyAsync<Exception>(() => result);
    }

    [Fact]
    public async Task Standard_output_carries_the_protocol_and_nothing_else()
    {
        using Tool tool = new();
        ToolResult result = await tool.RunAsync("mcp");
        Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Errors));
    }

    [Theory]
    [InlineData("--max-sessions takes a number from 1 to 1000, not '0'.", "--max-sessions", "0")]
    [InlineData("--idle-timeout takes a number of seconds", "--idle-timeout", "-1")]
    [InlineData("--max-text takes a number from 1000 to 10000000, not '999'.", "--max-text", "999")]
    [InlineData("--executor local cannot honour --memory.", "--executor", "local", "--memory", "1G")]
    public async Task Wrong_usage_is_said_before_anything_starts(string said, params string[] arguments)
    {
        using Tool tool = new();
        ToolResult result = await tool.RunAsync(["mcp", .. arguments]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(said, result.Errors, StringComparison.Ordinal);
    }
}
