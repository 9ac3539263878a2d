using System.Text;
using System.Text.Json;
using Glovebox.Tests.Common.Agents;
using static Glovebox.Tests.Common.Agents.ScriptedChatClient;

namespace Glovebox.Tests.Contract.Agents.ChatClient;

/// <summary>One request: what the model sees, what the caller sees.</summary>
public sealed class CodeInterpreterChatClientTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_program_that_fails_and_one_that_works_event_by_event(bool streaming)
    {
        using ScriptedChatClient model = new(
            _ => Answers(new TextContent("I try."), Call("1", "print(1/0)")),
            r => r.LastResult.Contains("ZeroDivisionError", StringComparison.Ordinal) ? Answers(new TextContent("I mend."), Call("2", "print(1/2)")) : Says("?"),
            r => r.LastResult == "Exit code: 0\nOutput:\n0.5\n" ? Says("It is 0.5.") : Says("?"));
        await using CodeInterpreterChatClient client = Over(model);
        ChatResponse response = await AskAsync(client, streaming, "What is a half?");

        Assert.Equal(3, response.Messages.Count);
        Assert.All(response.Messages, m => Assert.Equal(ChatRole.Assistant, m.Role));
        AssertRun(response.Messages[0], "I try.", "1", "print(1/0)", o => o.StartsWith("Exit code: 1 (failed)\n", StringComparison.Ordinal));
        AssertRun(response.Messages[1], "I mend.", "2", "print(1/2)", o => o == "Exit code: 0\nOutput:\n0.5\n");
        Assert.Equal("It is 0.5.", response.Messages[2].Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(33, response.Usage!.TotalTokenCount);
        Assert.Equal(streaming, model.Requests.All(r => r.IsStreaming));

        static void AssertRun(ChatMessage message, string text, string callId, string code, Predicate<string> output)
        {
            Assert.Collection(
                message.Contents,
                c => Assert.Equal(text, Assert.IsType<TextContent>(c).Text),
                c =>
                {
                    CodeInterpreterToolCallContent call = Assert.IsType<CodeInterpreterToolCallContent>(c);
                    DataContent input = Assert.IsType<DataContent>(Assert.Single(call.Inputs!));
                    Assert.Equal((callId, "text/x-python", code), (call.CallId, input.MediaType, Encoding.UTF8.GetString(input.Data.Span)));
                },
                c =>
                {
                    CodeInterpreterToolResultContent result = Assert.IsType<CodeInterpreterToolResultContent>(c);
                    Assert.Equal(callId, result.CallId);
                    Assert.True(output(Assert.IsType<TextContent>(Assert.Single(result.Outputs!)).Text));
                });
        }
    }

    [Fact]
    public async Task Streaming_and_the_whole_response_agree()
    {
        Func<ScriptedRequest, ChatResponse>[] script =
        [
            _ => Answers(new TextContent("First."), Call("1", Pixel.Save("plot.png") + "; print('saved')"), Call("2", "print('two')")),
            _ => Answers(Call("3", "import sys; print('err', file=sys.stderr); sys.exit(3)")),
            _ => Says("The end."),
        ];
        await using CodeInterpreterChatClient whole = Over(new ScriptedChatClient(script));
        await using CodeInterpreterChatClient streamed = Over(new ScriptedChatClient(script));
        Assert.Equal(Normal(await AskAsync(whole, streaming: false, "Go.")), Normal(await AskAsync(streamed, streaming: true, "Go.")));
    }

    [Fact]
    public async Task In_a_stream_a_result_comes_before_the_model_is_asked_again()
    {
        using ScriptedChatClient model = new(_ => Interprets("print(1)"), _ => Says("One."));
        await using CodeInterpreterChatClient client = Over(model, new FakeExecutor());
        int askedAtResult = 0;
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Go.", Interpreter(), Ct))
        {
            if (update.Contents.Any(c => c is CodeInterpreterToolResultContent))
            {
                askedAtResult = model.Requests.Count;
            }
        }

        Assert.Equal(1, askedAtResult);
        Assert.Equal(2, model.Requests.Count);
    }

    [Fact]
    public async Task The_client_within_sees_a_function_in_place_of_the_hosted_tool()
    {
        using ScriptedChatClient model = new(_ => Says("Hi."));
        await using CodeInterpreterChatClient client = Over(model, new FakeExecutor());
        AIFunction other = AIFunctionFactory.Create(() => 1, "other");
        ChatOptions options = new() { Tools = [new HostedCodeInterpreterTool(), other], Temperature = 0.5f };
        await client.GetResponseAsync("Hello.", options, Ct);
        Assert.Equal(["other", "code_interpreter"], model.Requests[0].Options!.Tools!.Select(t => t.Name));
        Assert.IsNotType<HostedCodeInterpreterTool>(model.Requests[0].Options!.Tools![1]);
        Assert.Equal(["code"], model.Requests[0].Tool("code_interpreter").JsonSchema.GetProperty("properties").EnumerateObject().Select(p => p.Name));
        Assert.Equal(0.5f, model.Requests[0].Options!.Temperature);
        Assert.IsType<HostedCodeInterpreterTool>(options.Tools[0]);
    }

    [Fact]
    public async Task A_request_without_the_tool_is_passed_on_and_no_executor_is_made()
    {
        ChatResponse answer = Interprets("print(1)");
        using ScriptedChatClient model = new(_ => answer);
        await using CodeInterpreterChatClient client = new(
            model, new CodeSessionPool(() => throw new InvalidOperationException("Nobody asked.")), null, null, ownsSessions: true);
        Assert.Same(answer, await client.GetResponseAsync("Hello.", new() { Tools = [] }, Ct));
        Assert.IsType<FunctionCallContent>(answer.Messages[0].Contents[0]);
    }

    [Fact]
    public async Task A_request_whose_model_runs_no_code_makes_no_executor()
    {
        using ScriptedChatClient model = new(_ => Says("Hi."));
        await using CodeInterpreterChatClient client = new(
            model, new CodeSessionPool(() => throw new InvalidOperationException("Nobody asked.")), null, null, ownsSessions: true);
        Assert.Equal("Hi.", (await client.GetResponseAsync("Hello.", Interpreter(), Ct)).Text);
    }

    [Fact]
    public async Task A_function_of_the_interpreters_name_is_refused()
    {
        await using CodeInterpreterChatClient client = Over(new ScriptedChatClient(), new FakeExecutor());
        ChatOptions options = Interpreter();
        options.Tools!.Add(AIFunctionFactory.Create(() => 1, "code_interpreter"));
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetResponseAsync("Hello.", options, Ct));
        Assert.Contains("CodeInterpreterOptions.FunctionName", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_must_call_a_tool_must_so_only_once()
    {
        using ScriptedChatClient model = new(_ => Interprets("print(1)"), _ => Says("One."));
        await using CodeInterpreterChatClient client = Over(model, new FakeExecutor());
        ChatOptions options = Interpreter();
        options.ToolMode = ChatToolMode.RequireSpecific("code_interpreter");
        await client.GetResponseAsync("Go.", options, Ct);
        Assert.IsType<RequiredChatToolMode>(model.Requests[0].Options!.ToolMode);
        Assert.Null(model.Requests[1].Options!.ToolMode);
        Assert.IsType<RequiredChatToolMode>(options.ToolMode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_model_that_runs_code_without_end_must_answer(bool streaming)
    {
        FakeExecutor executor = new();
        using ScriptedChatClient model = new(_ => Interprets("1", "1"), _ => Interprets("2", "2"), r => r.Options!.Tools!.Count == 0 ? Interprets("3", "3") : Says("?"));
        await using CodeInterpreterChatClient client = Over(model, executor, new() { MaximumIterationsPerRequest = 2 });
        await AskAsync(client, streaming, "Go.");
        Assert.Equal(2, executor.Blocks.Count);
        Assert.Equal(3, model.Requests.Count);
    }

    [Fact]
    public async Task Data_goes_to_the_caller_and_pictures_to_the_model_only_where_asked_for()
    {
        string code = Pixel.Save("plot.png") + "; open('data.csv', 'w').write('a,b')";
        foreach (bool sends in new[] { false, true })
        {
            using ScriptedChatClient model = new(_ => Interprets(code), _ => Says("A plot."));
            await using CodeInterpreterChatClient client = Over(model, options: new() { SendsImagesToModel = sends });
            ChatResponse response = await AskAsync(client, streaming: false, "Plot.");
            CodeInterpreterToolResultContent result = response.Messages.SelectMany(m => m.Contents).OfType<CodeInterpreterToolResultContent>().Single();
            Assert.Equal(["data.csv", "plot.png"], result.Outputs!.OfType<DataContent>().Select(d => d.Name));
            object? sent = model.Requests[1].Messages[^1].Contents.OfType<FunctionResultContent>().Single().Result;
            if (sends)
            {
                Assert.Equal("image/png", Assert.Single(Assert.IsType<List<AIContent>>(sent).OfType<DataContent>()).MediaType);
            }
            else
            {
                Assert.Contains("plot.png", Assert.IsType<string>(sent), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Inputs_become_files_which_the_model_is_told_of()
    {
        using ScriptedChatClient model = new(
            _ => Interprets("print(open('data.csv').read(), open('notes.txt').read(), open('input-3.json').read())"),
            _ => Says("Read."));
        await using CodeInterpreterChatClient client = Over(model, options: new()
        {
            OpenHostedFile = (file, _) => ValueTask.FromResult<Stream?>(file.FileId == "file-7" ? new MemoryStream("hosted"u8.ToArray()) : null),
        });
        HostedCodeInterpreterTool tool = new()
        {
            Inputs =
            [
                new DataContent("a,b"u8.ToArray(), "text/csv") { Name = "data.csv" },
                new HostedFileContent("file-7") { Name = "notes.txt" },
                new DataContent("{}"u8.ToArray(), "application/json"),
                new UriContent("https://example.com/x", "text/plain"),
            ],
        };
        ChatResponse response = await client.GetResponseAsync("Read.", new ChatOptions { Tools = [tool] }, Ct);
        Assert.EndsWith("Files that are there: data.csv, notes.txt, input-3.json.", model.Requests[0].Tool("code_interpreter").Description, StringComparison.Ordinal);
        Assert.Equal("Exit code: 0\nOutput:\na,b hosted {}\n", Outputs(response).Single());
    }

    [Fact]
    public async Task An_input_is_written_once_so_that_the_model_may_change_it()
    {
        using ScriptedChatClient model = new(
            _ => Interprets("open('data.csv', 'a').write(',c')"), _ => Says("Changed."),
            _ => Interprets("print(open('data.csv').read())"), _ => Says("Read."));
        await using CodeInterpreterChatClient client = Over(model);
        HostedCodeInterpreterTool tool = new() { Inputs = [new DataContent("a,b"u8.ToArray(), "text/csv") { Name = "data.csv" }] };
        ChatOptions options = new() { Tools = [tool], AdditionalProperties = new() { [CodeInterpreterChatClient.SessionProperty] = "one" } };
        await client.GetResponseAsync("Change.", options, Ct);
        Assert.Equal("Exit code: 0\nOutput:\na,b,c\n", Outputs(await client.GetResponseAsync("Read.", options, Ct)).Single());
    }

    [Fact]
    public async Task An_input_whose_name_leads_outside_is_refused()
    {
        using ScriptedChatClient model = new(_ => Interprets("print(1)"));
        await using CodeInterpreterChatClient client = Over(model);
        HostedCodeInterpreterTool tool = new() { Inputs = [new DataContent("x"u8.ToArray(), "text/plain") { Name = "../../etc/passwd" }] };
        WorkspaceException e = await Assert.ThrowsAsync<WorkspaceException>(() => client.GetResponseAsync("Go.", new ChatOptions { Tools = [tool] }, Ct));
        Assert.True(e.IsPathRefused);
    }

    [Fact]
    public async Task With_several_languages_the_model_names_one()
    {
        using ScriptedChatClient model = new(
            _ => Calls("1", "code_interpreter", ("language", "sh"), ("code", "echo hi")), _ => Says("Hi."));
        await using CodeInterpreterChatClient client = Over(model, options: new() { Languages = ["python", "sh"] });
        ChatResponse first = await AskAsync(client, streaming: false, "Go.");
        Assert.Equal("Exit code: 0\nOutput:\nhi\n", Outputs(first).Single());
    }

    [Fact]
    public async Task An_environment_that_fails_is_the_callers_to_know()
    {
        using ScriptedChatClient model = new(_ => Interprets("print(1)"));
        FakeExecutor executor = new() { OnStart = _ => throw new SandboxUnavailableException("broken", "It is broken.") };
        await using CodeInterpreterChatClient client = Over(model, executor);
        await Assert.ThrowsAsync<SandboxUnavailableException>(() => client.GetResponseAsync("Go.", Interpreter(), Ct));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancellation_in_the_middle_kills_the_code(bool streaming)
    {
        string marker = HostProcesses.NewMarker();
        using ScriptedChatClient model = new(_ => Interprets($"import os; os.execvp('sleep', ['{marker}', '600'])"));
        await using CodeInterpreterChatClient client = Over(model);
        using CancellationTokenSource cancellation = new();
        Task<ChatResponse> running = streaming
            ? client.GetStreamingResponseAsync("Go.", Interpreter(), cancellation.Token).ToChatResponseAsync(cancellation.Token)
            : client.GetResponseAsync("Go.", Interpreter(), cancellation.Token);
        await HostProcesses.AppearsAsync(marker);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await HostProcesses.AreGoneAsync(marker);
    }

    [Fact]
    public async Task Disposing_the_client_ends_the_one_within_and_its_own_sessions()
    {
        FakeExecutor executor = new();
        ScriptedChatClient model = new(_ => Interprets("print(1)"), _ => Says("One."));
        IChatClient client = model.AsBuilder().UseCodeInterpreter(() => executor).Build();
        await client.GetResponseAsync("Go.", Interpreter(), Ct);
        client.Dispose();
        Assert.True(executor.IsDisposed);
        Assert.True(model.IsDisposed);
    }

    [Fact]
    public async Task A_pool_that_was_given_stays_the_callers()
    {
        FakeExecutor executor = new();
        await using CodeSessionPool pool = new(() => executor);
        IChatClient client = new ScriptedChatClient(_ => Interprets("print(1)"), _ => Says("One.")).AsBuilder().UseCodeInterpreter(pool, null).Build();
        await client.GetResponseAsync("Go.", Interpreter(), Ct);
        client.Dispose();
        Assert.False(executor.IsDisposed);
        Assert.Equal(1, pool.Count);
    }

    internal static CodeInterpreterChatClient Over(IChatClient model, FakeExecutor? executor = null, CodeInterpreterOptions? options = null) =>
        new(model, new CodeSessionPool(() => executor ?? AgentSandboxes.Create()), options, null, ownsSessions: true);

    internal static ChatOptions Interpreter() => new() { Tools = [new HostedCodeInterpreterTool()] };

    internal static Task<ChatResponse> AskAsync(IChatClient client, bool streaming, string message) => streaming
        ? client.GetStreamingResponseAsync(message, Interpreter(), Ct).ToChatResponseAsync(Ct)
        : client.GetResponseAsync(message, Interpreter(), Ct);

    internal static IEnumerable<string> Outputs(ChatResponse response) =>
        response.Messages.SelectMany(m => m.Contents).OfType<CodeInterpreterToolResultContent>().Select(r => r.Outputs!.OfType<TextContent>().Single().Text);

    private static FunctionCallContent Call(string callId, string code) => new(callId, "code_interpreter", new Dictionary<string, object?> { ["code"] = code });

    /// <summary>A response without what is made up anew each time.</summary>
    private static string Normal(ChatResponse response)
    {
        foreach (ChatMessage message in response.Messages)
        {
            message.MessageId = null;
            message.CreatedAt = null;
            foreach (CodeInterpreterToolResultContent result in message.Contents.OfType<CodeInterpreterToolResultContent>())
            {
                Assert.True(result.AdditionalProperties!.Remove(CodeInterpreterChatClient.SessionProperty));
            }
        }

        return JsonSerializer.Serialize(response, AIJsonUtilities.DefaultOptions);
    }
}
