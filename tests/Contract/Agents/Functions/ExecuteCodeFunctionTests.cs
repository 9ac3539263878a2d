using System.Text.Json;
using Glovebox.Tests.Common.Agents;

namespace Glovebox.Tests.Contract.Agents.Functions;

public sealed class ExecuteCodeFunctionTests
{
    private static readonly string[] CodeAlone = ["code"];
    private static readonly string[] CodeAndLanguage = ["code", "language"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_result_is_the_text_for_a_model()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        ExecuteCodeFunction function = new(executor);
        Assert.Equal("Exit code: 0\nOutput:\n42\n", await InvokeAsync(function, ("language", "python"), ("code", "print(6 * 7)")));
        Assert.Equal("Exit code: 0\nOutput:\nhi\n", await InvokeAsync(function, ("language", "sh"), ("code", "echo hi")));
        string failed = Assert.IsType<string>(await InvokeAsync(function, ("language", "python"), ("code", "1/0")));
        Assert.StartsWith("Exit code: 1 (failed)\nOutput:\n", failed, StringComparison.Ordinal);
        Assert.Contains("ZeroDivisionError", failed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "Variables, imports and files in the current directory stay from call to call.")]
    [InlineData(false, "Files in the current directory stay from call to call; variables do not: each call is a program of its own.")]
    [InlineData(null, "Files in the current directory stay from call to call; do not rely on variables of an earlier call.")]
    public async Task The_model_is_told_whether_variables_stay_in_the_executor_that_is_used(bool? sharesState, string expected)
    {
        ScriptedExecutor executor = new();
        if (sharesState is { } shares)
        {
            executor.Services[typeof(IExecutorState)] = new State(shares);
        }

        Assert.Contains(expected, new ExecuteCodeFunction(executor).Description, StringComparison.Ordinal);
        Assert.Contains(expected, new ExecuteCodeFunction(executor.AsBuilder().UseOpenTelemetry().Build()).Description, StringComparison.Ordinal);
        await using CodeSessionPool pool = new(() => executor, new() { StartedAhead = 1 });
        await pool.FillAsync(Ct);
        Assert.Contains(expected, new ExecuteCodeFunction(pool.RentAsync, () => pool.SharesState, null).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Processes_share_no_state() => Assert.Contains(
        "variables do not", new ExecuteCodeFunction(new LocalCommandLineCodeExecutor()).Description, StringComparison.Ordinal);

    [Fact]
    public async Task Arguments_may_be_JSON()
    {
        ExecuteCodeFunction function = new(new FakeExecutor(b => FakeExecutor.Printed(b, b.Code)), new() { Languages = ["python"] });
        JsonElement code = JsonDocument.Parse("\"print(1)\"").RootElement;
        Assert.Equal("Exit code: 0\nOutput:\nprint(1)\n", await InvokeAsync(function, ("code", code)));
    }

    [Theory]
    [InlineData("The argument_is_missing", null, null, "'code' is missing")]
    [InlineData("It is no string", 7, "python", "'code' is missing")]
    [InlineData("It is blank", "  ", "python", "'code' is missing")]
    [InlineData("No language", "print(1)", null, "'language' is missing")]
    [InlineData("A language that is not offered", "print(1)", "ruby", "'ruby' is not taken. Use python, sh.")]
    public async Task Arguments_that_cannot_be_used_run_nothing_and_tell_the_model_what_to_do(string what, object? code, string? language, string said)
    {
        Assert.NotEmpty(what);
        FakeExecutor executor = new();
        ExecuteCodeFunction function = new(executor, new() { Languages = ["python", "sh"] });
        string text = Assert.IsType<string>(await InvokeAsync(function, ("code", code), ("language", language)));
        Assert.StartsWith("Nothing was run: ", text, StringComparison.Ordinal);
        Assert.Contains(said, text, StringComparison.Ordinal);
        Assert.Empty(executor.Blocks);
    }

    [Fact]
    public void The_schema_asks_for_a_language_unless_there_is_one_only()
    {
        FakeExecutor executor = new();
        Assert.Equal(CodeAndLanguage, Properties(new ExecuteCodeFunction(executor)));
        ExecuteCodeFunction two = new(executor, new() { Languages = ["python", "sh"] });
        Assert.Equal(CodeAndLanguage, Properties(two));
        Assert.Equal("""["python","sh"]""", two.JsonSchema.GetProperty("properties").GetProperty("language").GetProperty("enum").GetRawText());
        ExecuteCodeFunction python = new(executor, new() { Languages = ["python"] });
        Assert.Equal(CodeAlone, Properties(python));
        Assert.Equal(CodeAlone, python.JsonSchema.GetProperty("required").EnumerateArray().Select(e => e.GetString()!));
        Assert.Equal("execute_python", python.Name);
        Assert.Equal("execute_code", two.Name);
    }

    [Fact]
    public void A_languages_name_makes_a_name_that_services_take() =>
        Assert.Equal("execute_c_", new ExecuteCodeFunction(new FakeExecutor(), new() { Languages = ["c#"] }).Name);

    [Fact]
    public async Task Pictures_and_files_come_as_data_with_their_names()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        ExecuteCodeFunction function = new(executor, new() { Languages = ["python"], Attachments = AttachmentLimits.Default });
        object? result = await InvokeAsync(function, ("code", Pixel.Save("plot.png") + "\nopen('data.csv', 'w').write('a,b')\nprint('done')"));
        List<AIContent> contents = Assert.IsType<List<AIContent>>(result);
        Assert.StartsWith("Exit code: 0\nOutput:\ndone\nFiles: data.csv (3 bytes), plot.png", Assert.IsType<TextContent>(contents[0]).Text, StringComparison.Ordinal);
        DataContent[] data = [.. contents.Skip(1).Cast<DataContent>()];
        Assert.Equal(["data.csv", "plot.png"], data.Select(d => d.Name));
        Assert.Equal(["text/csv", "image/png"], data.Select(d => d.MediaType));
        Assert.Equal("a,b"u8.ToArray(), data[0].Data.ToArray());
        Assert.Equal(Pixel.Bytes, data[1].Data.ToArray());
    }

    [Fact]
    public async Task What_is_too_large_or_too_much_is_named_and_left_out()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        ExecuteCodeFunction function = new(executor, new()
        {
            Languages = ["python"],
            Attachments = new() { MaxCount = 2, MaxSize = 100, MaxTotalSize = 150 },
        });
        List<AIContent> contents = Assert.IsType<List<AIContent>>(await InvokeAsync(function, ("code", """
            for name, size in [("a", 101), ("b", 90), ("c", 61), ("d", 60), ("e", 1)]:
                open(name, "wb").write(b"x" * size)
            """)));
        Assert.Contains("Files: a (101 bytes), b (90 bytes), c (61 bytes), d (60 bytes), e (1 bytes)", ((TextContent)contents[0]).Text, StringComparison.Ordinal);
        Assert.Equal(["b", "d"], contents.Skip(1).Cast<DataContent>().Select(d => d.Name));
        Assert.Contains(
            "\nLeft out: 3 pictures or files more; at most 2 are attached, of 100 bytes each and 150 in all.\n",
            ((TextContent)contents[0]).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_picture_is_told_and_not_attached()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        ExecuteCodeFunction function = new(executor, new() { Languages = ["python"], Attachments = AttachmentLimits.Default });
        string code = Pixel.Save("whole.png") + $"""

            data = open('whole.png', 'rb').read()
            open('cut.png', 'wb').write(data[:40])
            open('stub\\n.jpg', 'wb').write(b'\xff\xd8\xff' + bytes(60))
            open('named.gif', 'wb').write(data)
            """.ReplaceLineEndings("\n");
        List<AIContent> contents = Assert.IsType<List<AIContent>>(await InvokeAsync(function, ("code", code)));
        Assert.Equal(["named.gif", "whole.png"], contents.OfType<DataContent>().Select(d => d.Name));
        Assert.All(contents.OfType<DataContent>(), d => Assert.Equal("image/png", d.MediaType));
        Assert.Contains(
            "\nNot attached, because the pictures are broken or incomplete: cut.png, stub\\n.jpg.\n",
            ((TextContent)contents[0]).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task By_default_no_picture_becomes_text_of_a_request()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        ExecuteCodeFunction function = new(executor, new() { Languages = ["python"] });
        string text = Assert.IsType<string>(await InvokeAsync(function, ("code", Pixel.Save("plot.png"))));
        Assert.Contains("Files: plot.png (", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Left out", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_output_is_bounded_by_an_option()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        const string Code = "print('\\x1b[31m' + 'x' * 100_000 + 'the end')";
        string standard = Assert.IsType<string>(await InvokeAsync(new ExecuteCodeFunction(executor, new() { Languages = ["python"] }), ("code", Code)));
        string shorter = Assert.IsType<string>(
            await InvokeAsync(new ExecuteCodeFunction(executor, new() { Languages = ["python"], MaxTextLength = 2000 }), ("code", Code)));
        Assert.InRange(standard.Length, 15_990, 16_000);
        Assert.InRange(shorter.Length, 1_990, 2_000);
        Assert.StartsWith("Exit code: 0\nOutput:\nxxx", shorter, StringComparison.Ordinal);
        Assert.EndsWith("xxxthe end\n", shorter, StringComparison.Ordinal);
        Assert.Contains("characters left out", shorter, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExecuteCodeFunctionOptions { MaxTextLength = 999 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeInterpreterOptions { MaxTextLength = 999 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeExecutorAgentOptions { MaxTextLength = 999 });
    }

    [Fact]
    public async Task Pictures_alone_or_nothing_at_all_are_two_settings()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        (string, object?) code = ("code", Pixel.Save("plot.png") + "\nopen('data.csv', 'w').write('a,b')");
        ExecuteCodeFunction images = new(executor, new() { Languages = ["python"], Attachments = new() { ImagesOnly = true } });
        Assert.Equal(["plot.png"], Assert.IsType<List<AIContent>>(await InvokeAsync(images, code)).Skip(1).Cast<DataContent>().Select(d => d.Name));
        ExecuteCodeFunction none = new(executor, new() { Languages = ["python"], Attachments = AttachmentLimits.None });
        Assert.IsType<string>(await InvokeAsync(none, code));
    }

    [Fact]
    public async Task A_link_to_a_file_of_the_host_is_not_read()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        ExecuteCodeFunction function = new(executor, new() { Languages = ["python"], Attachments = AttachmentLimits.Default });
        object? result = await InvokeAsync(function, ("code", "import os\nos.symlink('/etc/passwd', 'passwd.txt')\nopen('real.txt', 'w').write('mine')"));
        DataContent only = Assert.Single(Assert.IsType<List<AIContent>>(result).OfType<DataContent>());
        Assert.Equal("real.txt", only.Name);
    }

    [Fact]
    public async Task A_display_is_a_picture_and_its_file_is_not_sent_twice()
    {
        Dictionary<string, ReadOnlyMemory<byte>> forms = new() { ["text/html"] = "<b/>"u8.ToArray(), ["image/png"] = Pixel.Bytes };
        FakeExecutor executor = new(b => new()
        {
            Block = b,
            Language = b.Language,
            ExitCode = 0,
            Displays = [new DisplayOutput(forms) { Files = new Dictionary<string, string> { ["image/png"] = "display-1.png" } }],
            OutputFiles = [new WorkspaceFile("display-1.png", Pixel.Bytes.Length, default)],
        });
        await executor.WriteAllBytesAsync("display-1.png", Pixel.Bytes, Ct);
        object? result = await InvokeAsync(new ExecuteCodeFunction(executor, new() { Languages = ["python"], Attachments = AttachmentLimits.Default }), ("code", "show()"));
        DataContent only = Assert.Single(Assert.IsType<List<AIContent>>(result).OfType<DataContent>());
        Assert.Equal(("display-1.png", "image/png"), (only.Name, only.MediaType));
    }

    [Fact]
    public async Task A_result_with_data_can_be_put_on_the_wire()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        ExecuteCodeFunction function = new(executor, new() { Languages = ["python"], Attachments = AttachmentLimits.Default });
        object? result = await InvokeAsync(function, ("code", Pixel.Save("plot.png")));
        string json = JsonSerializer.Serialize(new ChatMessage(ChatRole.Tool, [new FunctionResultContent("1", result)]), AIJsonUtilities.DefaultOptions);
        Assert.Contains(Pixel.Base64[..20], json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_executor_is_started_at_the_first_call()
    {
        FakeExecutor executor = new();
        ExecuteCodeFunction function = new(executor);
        Assert.Equal(0, executor.Starts);
        await InvokeAsync(function, ("language", "python"), ("code", "print(1)"));
        Assert.Equal(1, executor.Starts);
    }

    [Fact]
    public async Task Cancellation_kills_the_code()
    {
        await using ICodeExecutor executor = await AgentSandboxes.StartAsync();
        string marker = HostProcesses.NewMarker();
        using CancellationTokenSource cancellation = new();
        AIFunctionArguments arguments = new() { ["language"] = "bash", ["code"] = $"exec -a {marker} sleep 600" };
        Task<object?> running = new ExecuteCodeFunction(executor).InvokeAsync(arguments, cancellation.Token).AsTask();
        await HostProcesses.AppearsAsync(marker);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await HostProcesses.AreGoneAsync(marker);
    }

    [Theory]
    [InlineData(true, "Exit code: 0\nOutput:\nran\n")]
    [InlineData(false, "rejected")]
    public async Task With_approval_a_call_waits_for_the_callers_word(bool approves, string told)
    {
        FakeExecutor executor = new();
        AIFunction function = ExecuteCodeFunction.Create(executor, new() { Languages = ["python"], RequiresApproval = true });
        using ScriptedChatClient model = new(
            _ => ScriptedChatClient.Calls("1", "execute_python", ("code", "print(1)")),
            _ => ScriptedChatClient.Says("Done."));
        using IChatClient client = model.AsBuilder().UseFunctionInvocation().Build();
        List<ChatMessage> conversation = [new(ChatRole.User, "Go.")];
        ChatOptions options = new() { Tools = [function] };

        ChatResponse first = await client.GetResponseAsync(conversation, options, Ct);
        ToolApprovalRequestContent asked = Assert.Single(first.Messages.SelectMany(m => m.Contents).OfType<ToolApprovalRequestContent>());
        Assert.Empty(executor.Blocks);

        conversation.AddRange(first.Messages);
        conversation.Add(new ChatMessage(ChatRole.User, [asked.CreateResponse(approves)]));
        Assert.Equal("Done.", (await client.GetResponseAsync(conversation, options, Ct)).Messages[^1].Text);
        Assert.Equal(approves ? 1 : 0, executor.Blocks.Count);
        Assert.Contains(told, model.Requests[1].LastResult, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("py")]
    [InlineData("Python3")]
    [InlineData(" python ")]
    public async Task An_alias_counts_as_its_language_and_runs_under_its_name(string language)
    {
        FakeExecutor executor = new();
        await InvokeAsync(new ExecuteCodeFunction(executor, new() { Languages = ["python", "sh"] }), ("code", "x"), ("language", language));
        Assert.Equal([new CodeBlock("python", "x")], executor.Blocks);

        // The list is compared by what the languages are called, too: what is left out is left out under every name.
        string refused = Assert.IsType<string>(await InvokeAsync(
            new ExecuteCodeFunction(executor, new() { Languages = ["bash", "Shell"] }), ("code", "x"), ("language", language)));
        Assert.StartsWith("Nothing was run: ", refused, StringComparison.Ordinal);
        Assert.Single(executor.Blocks);
        await InvokeAsync(new ExecuteCodeFunction(executor, new() { Languages = ["bash", "Shell"] }), ("code", "y"), ("language", "sh"));
        Assert.Equal(new CodeBlock("sh", "y"), executor.Blocks[^1]);
    }

    [Theory]
    [InlineData("Bash")]
    [InlineData("py")]
    [InlineData("python ")]
    [InlineData("p\u0443thon")]
    public async Task What_was_approved_by_its_arguments_runs_in_one_spelling_only(string language)
    {
        FakeExecutor executor = new();
        ExecuteCodeFunction function = new(executor, new() { RequiresApproval = true });
        string refused = Assert.IsType<string>(await InvokeAsync(function, ("code", "x"), ("language", language)));
        Assert.StartsWith("Nothing was run: ", refused, StringComparison.Ordinal);
        Assert.Empty(executor.Blocks);

        // The canary: where nobody approves by them, any spelling runs.
        await InvokeAsync(new ExecuteCodeFunction(executor), ("code", "x"), ("language", language));
        Assert.Single(executor.Blocks);
    }

    private static IEnumerable<string> Properties(AIFunction function) =>
        function.JsonSchema.GetProperty("properties").EnumerateObject().Select(p => p.Name);

    private static async Task<object?> InvokeAsync(AIFunction function, params (string Name, object? Value)[] arguments) =>
        await function.InvokeAsync(new AIFunctionArguments(arguments.ToDictionary(a => a.Name, a => a.Value)), Ct);

    private sealed class State(bool sharesState) : IExecutorState
    {
        public string Kind => "scripted";

        public bool SharesState => sharesState;

        public bool NeedsApproval => false;

        public void ThrowIfStopped()
        {
        }
    }
}
