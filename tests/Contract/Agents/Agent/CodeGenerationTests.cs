using System.Text;
using System.Text.Json;
using Glovebox.Tests.Common.Agents;
using Microsoft.Agents.AI;
using static Glovebox.Tests.Common.Agents.ScriptedChatClient;

namespace Glovebox.Tests.Contract.Agents.Agent;

/// <summary>An agent with a model: it writes code, sees it run, mends it and reflects.</summary>
public sealed class CodeGenerationTests
{
    private const string Yes = """{"reason":"Divide by two.","retry":true}""";
    private const string No = """{"reason":"Hopeless.","retry":false}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_program_that_fails_and_one_that_works_event_by_event(bool streaming)
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        using ScriptedChatClient model = new(
            _ => Says("I try:\n```python\nprint(1/0)\n```"),
            _ => Says(Yes),
            _ => Says("I mend:\n```python\nprint(1/2)\n```"),
            _ => Says("It is a half."));
        CodeExecutorAgent agent = new(executor, model, new() { MaxRetriesOnError = 2 });
        AgentResponse response = await RunAsync(agent, streaming, "What is a half?");

        Assert.Collection(
            response.Messages,
            m => AssertGenerated(m, 0, "I try:\n```python\nprint(1/0)\n```", "print(1/0)\n"),
            m => AssertExecuted(m, 0, 1, o => o.StartsWith("The script ran, then exited with an error (POSIX exit code: 1)\nIts output was:\n", StringComparison.Ordinal)),
            m => Assert.Equal("Attempt number: 1\nProposed correction: Divide by two.", m.Text),
            m => AssertGenerated(m, 1, "I mend:\n```python\nprint(1/2)\n```", "print(1/2)\n"),
            m => AssertExecuted(m, 1, 0, o => o == "0.5\n"),
            m => Assert.Equal("It is a half.", m.Text));
        Assert.All(response.Messages, m => Assert.Equal("code_executor", m.AuthorName));
        Assert.Equal(44, response.Usage!.TotalTokenCount);

        // What the model read at each step.
        Assert.Equal(["What is a half?"], model.Requests[0].Messages.Select(m => m.Text));
        Assert.StartsWith("The most recent code execution resulted in an error:\nThe script ran, then exited", model.Requests[1].Messages[^1].Text, StringComparison.Ordinal);
        Assert.Equal("retry_decision", Assert.IsType<ChatResponseFormatJson>(model.Requests[1].Options!.ResponseFormat).SchemaName);
        Assert.Null(model.Requests[2].Options!.ResponseFormat);
        Assert.Equal(
            ["user", "assistant", "user", "user", "assistant", "user"], model.Requests[3].Messages.Select(m => m.Role.Value));
        Assert.Equal("0.5\n", model.Requests[3].Messages[^1].Text);
        Assert.Contains("python, sh", model.Requests[0].Options!.Instructions, StringComparison.Ordinal);

        static void AssertGenerated(ChatMessage message, int attempt, string text, string code)
        {
            Assert.Equal(text, message.Text);
            CodeInterpreterToolCallContent call = Assert.IsType<CodeInterpreterToolCallContent>(message.Contents[^1]);
            Assert.Equal(code, Encoding.UTF8.GetString(Assert.IsType<DataContent>(Assert.Single(call.Inputs!)).Data.Span));
            Assert.Equal(attempt, call.AdditionalProperties!["retryAttempt"]);
        }

        static void AssertExecuted(ChatMessage message, int attempt, int exitCode, Predicate<string> output)
        {
            CodeInterpreterToolResultContent result = Assert.IsType<CodeInterpreterToolResultContent>(Assert.Single(message.Contents));
            Assert.True(output(Assert.IsType<TextContent>(Assert.Single(result.Outputs!)).Text));
            Assert.Equal((attempt, exitCode), ((int)result.AdditionalProperties!["retryAttempt"]!, (int)result.AdditionalProperties["exitCode"]!));
        }
    }

    [Fact]
    public async Task Streaming_and_the_whole_response_agree()
    {
        Func<ScriptedRequest, ChatResponse>[] script =
        [
            _ => Says("```python\nimport sys\nprint('out'); sys.exit(2)\n```\n```sh\necho never\n```"),
            _ => Says(Yes),
            _ => Says("```python\n" + Pixel.Save("plot.png") + "\n```"),
            _ => Says("Done."),
        ];
        List<string> responses = [];
        foreach (bool streaming in new[] { true, false })
        {
            await using ICodeExecutor executor = AgentSandboxes.Create();
            AgentResponse response = await RunAsync(new(executor, new ScriptedChatClient(script), new() { MaxRetriesOnError = 1, Id = "agent" }), streaming, "Go.");
            foreach (ChatMessage message in response.Messages)
            {
                message.MessageId = null;
                message.CreatedAt = null;
            }

            string json = JsonSerializer.Serialize(response.Messages, AIJsonUtilities.DefaultOptions) + JsonSerializer.Serialize(response.Usage, AIJsonUtilities.DefaultOptions);
            foreach (string callId in response.Messages.SelectMany(m => m.Contents).OfType<CodeInterpreterToolCallContent>().Select(c => c.CallId))
            {
                json = json.Replace(callId, "call", StringComparison.Ordinal);
            }

            responses.Add(json);
        }

        Assert.Equal(responses[0], responses[1]);
    }

    [Fact]
    public async Task An_answer_without_code_is_the_reply()
    {
        FakeExecutor executor = new();
        using ScriptedChatClient model = new(_ => Says("Nothing to run: it is 42."));
        AgentResponse response = await RunAsync(new(executor, model), streaming: false, "What is it?");
        Assert.Equal("Nothing to run: it is 42.", Assert.Single(response.Messages).Text);
        Assert.Equal(0, executor.Starts);
    }

    [Fact]
    public async Task Without_retries_a_failure_is_reflected_on_at_once()
    {
        using ScriptedChatClient model = new(_ => Says("```python\n1\n```"), _ => Says("It failed."));
        AgentResponse response = await RunAsync(new(Failing(), model), streaming: false, "Go.");
        Assert.Equal("It failed.", response.Messages[^1].Text);
        Assert.Equal(2, model.Requests.Count);
    }

    [Fact]
    public async Task After_the_last_retry_nobody_is_asked()
    {
        using ScriptedChatClient model = new(_ => Says("```python\n1\n```"), _ => Says(Yes), _ => Says("```python\n2\n```"), _ => Says("It failed."));
        AgentResponse response = await RunAsync(new(Failing(), model, new() { MaxRetriesOnError = 1 }), streaming: false, "Go.");
        Assert.Equal("It failed.", response.Messages[^1].Text);
        Assert.Equal(4, model.Requests.Count);
    }

    [Theory]
    [InlineData(No)]
    [InlineData("I would rather not say.")]
    [InlineData("""{"retry":true}""")]
    [InlineData("""{"reason":null,"retry":true}""")]
    public async Task A_no_or_an_answer_that_cannot_be_read_ends_in_reflection(string decision)
    {
        using ScriptedChatClient model = new(_ => Says("```python\n1\n```"), _ => Says(decision), _ => Says("It failed."));
        AgentResponse response = await RunAsync(new(Failing(), model, new() { MaxRetriesOnError = 5 }), streaming: false, "Go.");
        Assert.Equal("It failed.", response.Messages[^1].Text);
        Assert.DoesNotContain("Proposed correction", response.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"true\"", true)]
    [InlineData("\"Yes\"", true)]
    [InlineData("1", true)]
    [InlineData("True", true)]
    [InlineData("true,", true)]
    [InlineData("\"no\"", false)]
    [InlineData("0", false)]
    [InlineData("False", false)]
    [InlineData("\"perhaps\"", false)]
    [InlineData("[true]", false)]
    public async Task A_boolean_is_read_as_models_write_it(string retry, bool isYes)
    {
        using ScriptedChatClient model = new(
            _ => Says("```python\n1\n```"), _ => Says($$"""{"Reason": "Divide by two.", "Retry": {{retry}}}"""), _ => Says("Never mind."));
        AgentResponse response = await RunAsync(new(Failing(), model, new() { MaxRetriesOnError = 1 }), streaming: false, "Go.");
        Assert.Equal(isYes, response.Text.Contains("Divide by two.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("**Retry:** yes, divide by two.", true)]
    [InlineData("retry = no", false)]
    public async Task A_decision_without_JSON_is_read(string decision, bool isYes)
    {
        using ScriptedChatClient model = new(_ => Says("```python\n1\n```"), _ => Says(decision), _ => Says("Never mind."));
        AgentResponse response = await RunAsync(new(Failing(), model, new() { MaxRetriesOnError = 1 }), streaming: false, "Go.");
        Assert.Equal(isYes, response.Text.Contains("Proposed correction", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_decision_in_a_fence_is_read()
    {
        using ScriptedChatClient model = new(_ => Says("```python\n1\n```"), _ => Says($"Sure:\n```json\n{Yes}\n```"), _ => Says("Never mind."));
        AgentResponse response = await RunAsync(new(Failing(), model, new() { MaxRetriesOnError = 1 }), streaming: false, "Go.");
        Assert.Equal("Never mind.", response.Messages[^1].Text);
        Assert.Contains("Proposed correction: Divide by two.", response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Denied_code_is_told_to_the_model_and_the_approval_sees_the_conversation()
    {
        FakeExecutor executor = new();
        List<CodeApprovalRequest> asked = [];
        using ScriptedChatClient model = new(_ => Says("```python\nprint(1)\n```"), _ => Says("You said no."));
        CodeExecutorAgent agent = new(executor, model, new CodeExecutorAgentOptions().UseApproval(r =>
        {
            asked.Add(r);
            return ApprovalDecision.Deny("Not today.");
        }));
        AgentResponse response = await RunAsync(agent, streaming: false, "Go.");
        CodeInterpreterToolResultContent result = Assert.IsType<CodeInterpreterToolResultContent>(Assert.Single(response.Messages[1].Contents));
        Assert.Equal("Code execution was not approved. Reason: Not today.", Assert.IsType<TextContent>(Assert.Single(result.Outputs!)).Text);
        Assert.Equal(1, result.AdditionalProperties!["exitCode"]);
        Assert.Equal("Code execution was not approved. Reason: Not today.", model.Requests[1].Messages[^1].Text);
        Assert.Empty(executor.Blocks);
        Assert.Equal(["Go.", "```python\nprint(1)\n```"], Assert.Single(asked).Messages.Select(m => m.Text));
    }

    [Fact]
    public async Task A_session_remembers_and_survives_being_serialised()
    {
        await using CodeSessionPool pool = new(AgentSandboxes.Create);
        using ScriptedChatClient model = new(
            _ => Says("```sh\necho kept > note\n```"), _ => Says("Noted."), _ => Says("```sh\ncat note\n```"), _ => Says("It is kept."));
        CodeExecutorAgent agent = new(pool, model, null);
        AgentSession session = await agent.CreateSessionAsync(Ct);
        await agent.RunAsync("Note.", session, cancellationToken: Ct);

        string kept = (await agent.SerializeSessionAsync(session, cancellationToken: Ct)).GetRawText();
        AgentSession again = await agent.DeserializeSessionAsync(JsonDocument.Parse(kept).RootElement, cancellationToken: Ct);
        AgentResponse response = await agent.RunAsync("Read.", again, cancellationToken: Ct);

        Assert.Equal("It is kept.", response.Messages[^1].Text);
        Assert.Equal("kept\n", response.Messages[1].Contents.OfType<CodeInterpreterToolResultContent>().Single().Outputs!.OfType<TextContent>().Single().Text);
        string[] read = [.. model.Requests[2].Messages.Select(m => m.Text)];
        Assert.Equal(["Note.", "```sh\necho kept > note\n```", "Noted.", "Read."], [read[0], read[1], read[3], read[4]]);
        Assert.StartsWith("The script ran but produced no output", read[2], StringComparison.Ordinal);
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public async Task A_run_that_fails_is_not_remembered()
    {
        using ScriptedChatClient model = new(_ => throw new InvalidOperationException("Out of order."), _ => Says("Hello."));
        CodeExecutorAgent agent = new(new FakeExecutor(), model);
        AgentSession session = await agent.CreateSessionAsync(Ct);
        await Assert.ThrowsAsync<InvalidOperationException>(() => agent.RunAsync("First.", session, cancellationToken: Ct));
        await agent.RunAsync("Second.", session, cancellationToken: Ct);
        Assert.Equal(["Second."], model.Requests[1].Messages.Select(m => m.Text));
    }

    [Fact]
    public async Task A_state_that_is_none_is_refused() => await Assert.ThrowsAsync<ArgumentException>(
        () => new CodeExecutorAgent(new FakeExecutor()).DeserializeSessionAsync(JsonDocument.Parse("[]").RootElement, cancellationToken: Ct).AsTask());

    private static FakeExecutor Failing() => new(b => FakeExecutor.Printed(b, "bad\n", exitCode: 1));

    private static Task<AgentResponse> RunAsync(CodeExecutorAgent agent, bool streaming, string message) => streaming
        ? agent.RunStreamingAsync(message, cancellationToken: Ct).ToAgentResponseAsync(Ct)
        : agent.RunAsync(message, cancellationToken: Ct);
}
