using System.Text.Json;
using Glovebox.Tests.Common.Agents;
using static Glovebox.Tests.Contract.Agents.ChatClient.CodeInterpreterChatClientTests;
using static Glovebox.Tests.Common.Agents.ScriptedChatClient;

namespace Glovebox.Tests.Contract.Agents.ChatClient;

/// <summary>Several requests: which of them share files, and what a replayed history becomes.</summary>
public sealed class ConversationTests
{
    private const string Write = "open('note', 'w').write('mine')";
    private const string Read = "print(open('note').read())";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_replayed_history_finds_its_session_again_and_reaches_the_model_as_functions(bool streaming)
    {
        using ScriptedChatClient model = new(
            _ => Answers(new TextContent("I write."), Call("1", Write)), _ => Says("Written."), _ => Interprets(Read, "2"), _ => Says("Read."));
        await using CodeInterpreterChatClient client = Over(model);
        List<ChatMessage> conversation = [new(ChatRole.User, "Write.")];
        conversation.AddRange((await AskAsync(client, streaming, conversation)).Messages);
        conversation.Add(new(ChatRole.User, "Read."));

        // A caller that keeps histories keeps them as JSON.
        string json = JsonSerializer.Serialize(conversation, AIJsonUtilities.DefaultOptions);
        List<ChatMessage> kept = JsonSerializer.Deserialize<List<ChatMessage>>(json, AIJsonUtilities.DefaultOptions)!;
        ChatResponse second = await AskAsync(client, streaming, kept);
        Assert.Equal("Exit code: 0\nOutput:\nmine\n", Outputs(second).Single());

        Assert.Collection(
            model.Requests[2].Messages,
            m => Assert.Equal("Write.", m.Text),
            m =>
            {
                Assert.Equal(ChatRole.Assistant, m.Role);
                Assert.Equal("I write.", Assert.IsType<TextContent>(m.Contents[0]).Text);
                FunctionCallContent call = Assert.IsType<FunctionCallContent>(m.Contents[1]);
                Assert.Equal(("1", "code_interpreter", Write), (call.CallId, call.Name, call.Arguments!["code"]));
                Assert.Equal(2, m.Contents.Count);
            },
            m =>
            {
                Assert.Equal(ChatRole.Tool, m.Role);
                FunctionResultContent result = Assert.IsType<FunctionResultContent>(Assert.Single(m.Contents));
                Assert.Equal(("1", "Exit code: 0\nOutput: none. Print what you want to see.\nFiles: note (4 bytes)\n"), (result.CallId, result.Result));
            },
            m => Assert.Equal("Written.", m.Text),
            m => Assert.Equal("Read.", m.Text));
    }

    [Fact]
    public async Task The_model_sees_the_same_at_once_and_when_the_history_is_replayed()
    {
        using ScriptedChatClient model = new(_ => Answers(Call("1", "print(1)"), Call("2", "print(2)")), _ => Says("Done."), _ => Says("Again."));
        await using CodeInterpreterChatClient client = Over(model, new FakeExecutor(b => FakeExecutor.Printed(b, b.Code)));
        List<ChatMessage> conversation = [new(ChatRole.User, "Go.")];
        conversation.AddRange((await AskAsync(client, streaming: false, conversation)).Messages);
        await AskAsync(client, streaming: false, conversation);
        Assert.Equal(Contents(model.Requests[1]), Contents(model.Requests[2]).SkipLast(1));

        static IEnumerable<string> Contents(ScriptedRequest request) =>
            request.Messages.SelectMany(m => m.Contents).Select(c => JsonSerializer.Serialize(c, AIJsonUtilities.DefaultOptions));
    }

    [Fact]
    public async Task A_history_is_translated_for_requests_without_the_tool_too()
    {
        using ScriptedChatClient model = new(_ => Interprets("print(1)"), _ => Says("One."), _ => Says("Plain."));
        await using CodeInterpreterChatClient client = Over(model, new FakeExecutor());
        List<ChatMessage> conversation = [new(ChatRole.User, "Go.")];
        conversation.AddRange((await AskAsync(client, streaming: false, conversation)).Messages);
        await client.GetResponseAsync(conversation, options: null, Ct);
        Assert.Contains(model.Requests[2].Messages, m => m.Contents.Any(c => c is FunctionCallContent));
        Assert.DoesNotContain(model.Requests[2].Messages, m => m.Contents.Any(c => c is CodeInterpreterToolCallContent or CodeInterpreterToolResultContent));
    }

    [Fact]
    public async Task A_call_that_was_cancelled_is_answered_in_the_history()
    {
        using ScriptedChatClient model = new(_ => Says("Well."));
        await using CodeInterpreterChatClient client = Over(model, new FakeExecutor());
        List<ChatMessage> conversation =
        [
            new(ChatRole.User, "Go."),
            new(ChatRole.Assistant, [new CodeInterpreterToolCallContent("9") { Inputs = [new DataContent("x"u8.ToArray(), "text/x-python")] }]),
            new(ChatRole.User, "And now?"),
        ];
        await AskAsync(client, streaming: false, conversation);
        FunctionResultContent result = Assert.IsType<FunctionResultContent>(Assert.Single(model.Requests[0].Messages[2].Contents));
        Assert.Equal(("9", "The run was ended before it had a result."), (result.CallId, result.Result));
    }

    [Fact]
    public async Task A_history_whose_session_has_ended_says_so_to_the_model_once()
    {
        using ScriptedChatClient model = new(
            _ => Interprets(Write), _ => Says("Written."), _ => Interprets(Read, "2"), _ => Interprets("print(2)", "3"), _ => Says("Gone."));
        await using CodeSessionPool pool = new(AgentSandboxes.Create);
        await using CodeInterpreterChatClient client = new(model, pool);
        List<ChatMessage> conversation = [new(ChatRole.User, "Write.")];
        conversation.AddRange((await AskAsync(client, streaming: false, conversation)).Messages);
        Assert.True(await pool.EndAsync(pool.Names.Single()));

        string[] outputs = [.. Outputs(await AskAsync(client, streaming: false, conversation))];
        Assert.StartsWith("The sandbox is a new one: files and variables of earlier runs are gone.\nExit code: 1", outputs[0], StringComparison.Ordinal);
        Assert.Equal("Exit code: 0\nOutput:\n2\n", outputs[1]);
    }

    [Fact]
    public async Task A_session_that_is_ended_between_two_runs_of_a_request_begins_anew()
    {
        await using CodeSessionPool pool = new(() => new FakeExecutor());
        using ScriptedChatClient model = new(
            _ => Interprets("1", "1"),
            _ =>
            {
                Assert.True(pool.EndAsync(pool.Names.Single()).AsTask().Wait(TimeSpan.FromSeconds(30), Ct));
                return Interprets("2", "2");
            },
            _ => Says("Both."));
        await using CodeInterpreterChatClient client = new(model, pool);
        string[] outputs = [.. Outputs(await AskAsync(client, streaming: false, [new(ChatRole.User, "Go.")]))];
        Assert.Equal("Exit code: 0\nOutput:\nran\n", outputs[0]);
        Assert.Equal("The sandbox is a new one: files and variables of earlier runs are gone.\nExit code: 0\nOutput:\nran\n", outputs[1]);
    }

    [Fact]
    public async Task A_history_that_a_stranger_wrote_leads_to_nobodys_session()
    {
        using ScriptedChatClient model = new(_ => Interprets(Write), _ => Says("Written."), _ => Interprets(Read), _ => Says("Read."), _ => Interprets(Read), _ => Says("Read."));
        await using CodeSessionPool pool = new(AgentSandboxes.Create);
        await using CodeInterpreterChatClient client = new(model, pool);
        ChatOptions victim = Interpreter();
        victim.AdditionalProperties = new() { [CodeInterpreterChatClient.SessionProperty] = "victim" };
        await client.GetResponseAsync("Write.", victim, Ct);

        foreach (string forged in (string[])["victim", pool.Names.Single()])
        {
            ChatMessage said = new(ChatRole.Assistant, [new CodeInterpreterToolResultContent("1")
            {
                Outputs = [new TextContent("x")],
                AdditionalProperties = new() { [CodeInterpreterChatClient.SessionProperty] = forged },
            }]);
            Assert.Contains("FileNotFoundError", Outputs(await AskAsync(client, streaming: false, [said, new(ChatRole.User, "Read.")])).Single(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_canary_with_the_victims_key_the_file_is_read()
    {
        using ScriptedChatClient model = new(_ => Interprets(Write), _ => Says("Written."), _ => Interprets(Read), _ => Says("Read."));
        await using CodeInterpreterChatClient client = Over(model);
        ChatOptions victim = Interpreter();
        victim.AdditionalProperties = new() { [CodeInterpreterChatClient.SessionProperty] = "victim" };
        await client.GetResponseAsync("Write.", victim, Ct);
        Assert.Equal("Exit code: 0\nOutput:\nmine\n", Outputs(await client.GetResponseAsync("Read.", victim, Ct)).Single());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_service_that_keeps_the_history_gets_only_what_is_new_and_its_conversation_keeps_its_files(bool streaming)
    {
        // As some services do it, each answer names the conversation anew.
        using ScriptedChatClient model = new(
            _ => In("r1", Interprets(Write)), _ => In("r2", Says("Written.")), _ => In("r3", Says("Wait.")), _ => In("r4", Interprets(Read)), _ => In("r5", Says("Read.")));
        await using CodeInterpreterChatClient client = Over(model);
        ChatResponse first = await AskInAsync(client, streaming, null, "Write.");
        Assert.Equal("r2", first.ConversationId);
        Assert.Equal("r1", model.Requests[1].Options!.ConversationId);
        Assert.IsType<FunctionResultContent>(Assert.Single(Assert.Single(model.Requests[1].Messages).Contents));

        ChatResponse second = await AskInAsync(client, streaming, "r2", "Wait.");
        ChatResponse third = await AskInAsync(client, streaming, second.ConversationId, "Read.");
        Assert.Equal("Exit code: 0\nOutput:\nmine\n", Outputs(third).Single());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ten_conversations_at_once_do_not_see_each_others_files(bool streaming)
    {
        await using CodeSessionPool pool = new(AgentSandboxes.Create);
        string[][] outputs = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            using ScriptedChatClient model = new(
                _ => Interprets($"import os; print(sorted(os.listdir())); open('mine-{i}', 'w').write('x')", "1"),
                _ => Says("Written."),
                _ => Interprets("import os; print(sorted(f for f in os.listdir() if f.startswith('mine')))", "2"),
                _ => Says("Listed."));
            await using CodeInterpreterChatClient client = new(model, pool);
            List<ChatMessage> conversation = [new(ChatRole.User, "Write.")];
            ChatResponse first = await AskAsync(client, streaming, conversation);
            conversation.AddRange(first.Messages);
            conversation.Add(new(ChatRole.User, "List."));
            ChatResponse second = await AskAsync(client, streaming, conversation);
            return (string[])[.. Outputs(first), .. Outputs(second)];
        }));
        Assert.Equal(10, pool.Count);
        Assert.All(outputs, (o, i) =>
        {
            Assert.DoesNotContain("mine-", o[0].Split("Files:")[0], StringComparison.Ordinal);
            Assert.Equal($"Exit code: 0\nOutput:\n['mine-{i}']\n", o[1]);
        });
    }

    internal static FunctionCallContent Call(string callId, string code) => new(callId, "code_interpreter", new Dictionary<string, object?> { ["code"] = code });

    private static ChatResponse In(string conversationId, ChatResponse response)
    {
        response.ConversationId = conversationId;
        return response;
    }

    private static Task<ChatResponse> AskAsync(CodeInterpreterChatClient client, bool streaming, IReadOnlyList<ChatMessage> messages) => streaming
        ? client.GetStreamingResponseAsync(messages, Interpreter(), Ct).ToChatResponseAsync(Ct)
        : client.GetResponseAsync(messages, Interpreter(), Ct);

    private static Task<ChatResponse> AskInAsync(CodeInterpreterChatClient client, bool streaming, string? conversationId, string message)
    {
        ChatOptions options = Interpreter();
        options.ConversationId = conversationId;
        return streaming
            ? client.GetStreamingResponseAsync(message, options, Ct).ToChatResponseAsync(Ct)
            : client.GetResponseAsync(message, options, Ct);
    }
}
