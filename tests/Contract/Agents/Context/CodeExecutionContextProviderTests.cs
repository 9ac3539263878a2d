using Glovebox.Tests.Common.Agents;
using Microsoft.Agents.AI;
using Microsoft.Extensions.Logging.Abstractions;
using static Glovebox.Tests.Common.Agents.ScriptedChatClient;

namespace Glovebox.Tests.Contract.Agents.Context;

/// <summary>The provider in the framework's own agent.</summary>
public sealed class CodeExecutionContextProviderTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_agent_gets_the_function_and_its_instructions_and_runs_code()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();
        using ScriptedChatClient model = new(
            _ => Calls("1", "execute_code", ("language", "python"), ("code", "print(6 * 7)")), r => Says(r.LastResult));
        AIAgent agent = Agent(model, new CodeExecutionContextProvider(executor, null));
        AgentResponse response = await agent.RunAsync("What is it?", cancellationToken: Ct);
        Assert.EndsWith("Exit code: 0\nOutput:\n42\n", response.Text, StringComparison.Ordinal);
        Assert.StartsWith("You help.\nYou can run code with execute_code.", model.Requests[0].Options!.Instructions, StringComparison.Ordinal);
        Assert.Equal(["execute_code"], model.Requests[0].Options!.Tools!.Select(t => t.Name));
    }

    [Fact]
    public async Task Name_language_and_instructions_are_the_callers_to_choose()
    {
        FakeExecutor executor = new();
        using ScriptedChatClient model = new(_ => Says("Hi."), _ => Says("Hi."));
        AIAgent own = Agent(model, new CodeExecutionContextProvider(executor, new() { Instructions = "Run it.", FunctionsPrompt = "Import it.", Function = new() { Name = "run" } }));
        await own.RunAsync("Hello.", cancellationToken: Ct);
        Assert.Equal("You help.\nRun it.\nImport it.", model.Requests[0].Options!.Instructions);
        Assert.Equal("run", model.Requests[0].Options!.Tools!.Single().Name);

        AIAgent python = Agent(model, new CodeExecutionContextProvider(executor, new() { Function = new() { Languages = ["python"] } }));
        await python.RunAsync("Hello.", cancellationToken: Ct);
        Assert.Contains("execute_python", model.Requests[1].Options!.Instructions, StringComparison.Ordinal);
        Assert.Equal("execute_python", model.Requests[1].Options!.Tools!.Single().Name);
    }

    [Fact]
    public async Task The_agent_is_told_of_the_functions_that_its_code_can_import()
    {
        const string Prompt = "from functions import double";
        static BubblewrapCommandLineCodeExecutor Create() => new(new() { Functions = { FunctionWithRequirements.FromSource("def double(n): return 2 * n") } });
        await using BubblewrapCommandLineCodeExecutor executor = Create();
        await using CodeSessionPool sessions = new(() => Create().AsBuilder().UseLogging(NullLoggerFactory.Instance).Build());
        using ScriptedChatClient model = new(_ => Says("Hi."), _ => Says("Hi."), _ => Says("Hi."));
        await Agent(model, new CodeExecutionContextProvider(executor, null)).RunAsync("Hello.", cancellationToken: Ct);
        await Agent(model, new CodeExecutionContextProvider(sessions, null)).RunAsync("Hello.", cancellationToken: Ct);
        await Agent(model, new CodeExecutionContextProvider(sessions, new() { FunctionsPrompt = "" })).RunAsync("Hello.", cancellationToken: Ct);
        Assert.Equal([true, true, false], model.Requests.Select(r => r.Options!.Instructions!.Contains(Prompt, StringComparison.Ordinal)));
        Assert.Equal(0, sessions.Count);
    }

    [Fact]
    public async Task Each_session_has_files_of_its_own_and_finds_them_after_it_was_serialised()
    {
        await using CodeSessionPool pool = new(AgentSandboxes.Create);
        CodeExecutionContextProvider provider = new(pool, null);
        string[] seen = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            using ScriptedChatClient model = new(
                _ => Shell($"touch mine-{i}"), _ => Says("Touched."), _ => Shell("ls mine-*"), r => Says(r.LastResult));
            AIAgent agent = Agent(model, provider);
            AgentSession session = await agent.CreateSessionAsync(Ct);
            await agent.RunAsync("Touch.", session, cancellationToken: Ct);
            AgentSession again = await agent.DeserializeSessionAsync(await agent.SerializeSessionAsync(session, cancellationToken: Ct), cancellationToken: Ct);
            return (await agent.RunAsync("List.", again, cancellationToken: Ct)).Messages[^1].Text;
        }));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"Exit code: 0\nOutput:\nmine-{i}\n"), seen);
        Assert.Equal(10, pool.Count);
    }

    [Fact]
    public async Task Approval_is_asked_for_by_the_frameworks_protocol()
    {
        FakeExecutor executor = new();
        using ScriptedChatClient model = new(_ => Shell("ls"), _ => Says("Listed."));
        AIAgent agent = Agent(model, new CodeExecutionContextProvider(executor, new() { Function = new() { RequiresApproval = true } }));
        AgentSession session = await agent.CreateSessionAsync(Ct);
        AgentResponse asked = await agent.RunAsync("List.", session, cancellationToken: Ct);
        ToolApprovalRequestContent request = Assert.Single(asked.Messages.SelectMany(m => m.Contents).OfType<ToolApprovalRequestContent>());
        Assert.Empty(executor.Blocks);
        AgentResponse response = await agent.RunAsync(new ChatMessage(ChatRole.User, [request.CreateResponse(approved: true)]), session, cancellationToken: Ct);
        Assert.Equal("Listed.", response.Messages[^1].Text);
        Assert.Equal(new CodeBlock("sh", "ls"), Assert.Single(executor.Blocks));
    }

    private static ChatResponse Shell(string code) => Calls(Guid.NewGuid().ToString("n"), "execute_code", ("language", "sh"), ("code", code));

    private static ChatClientAgent Agent(ScriptedChatClient model, CodeExecutionContextProvider provider) => new(
        model, new ChatClientAgentOptions { ChatOptions = new() { Instructions = "You help." }, AIContextProviders = [provider] });
}
