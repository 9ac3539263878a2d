using Glovebox.Tests.Common.Agents;
using Microsoft.Agents.AI;
using static Glovebox.Tests.Common.Agents.ScriptedChatClient;

#pragma warning disable xUnit1051 // A reader of the documents has no test context.

namespace Glovebox.Tests.Docs;

/// <summary>The C# of docs/agents.md, compiled and run. DocumentTests sees to it that the two are the same.</summary>
public sealed class AgentsSnippets
{
    [Fact]
    public async Task A_code_interpreter_for_any_chat_client()
    {
        using ScriptedChatClient model = new(_ => Interprets("print(541)"), r => Says(r.LastResult));

        using IChatClient client = model.AsBuilder()
            .UseCodeInterpreter()
            .Build();

        ChatOptions options = new() { Tools = [new HostedCodeInterpreterTool()] };
        ChatResponse response = await client.GetResponseAsync("What is the 100th prime?", options);

        Assert.Contains("541", response.Messages[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function()
    {
        await using ICodeExecutor executor = AgentSandboxes.Create();

        AIFunction python = new ExecuteCodeFunction(executor, new ExecuteCodeFunctionOptions { Languages = ["python"] });
        AIFunction anything = ExecuteCodeFunction.Create(executor, new ExecuteCodeFunctionOptions { RequiresApproval = true });

        Assert.Equal("Exit code: 0\nOutput:\n1\n", await python.InvokeAsync(new() { ["code"] = "print(1)" }));
        Assert.IsType<ApprovalRequiredAIFunction>(anything);
    }

    [Fact]
    public async Task For_an_agent_that_you_have()
    {
        const string Code = "from functions import buy\nbuy('A')";
        using ScriptedChatClient model = new(_ => Calls("1", "execute_code", ("language", "python"), ("code", Code)));

        AIFunction price = AIFunctionFactory.Create((string share) => share.Length, "price", "Gives the price of a share.");
        AIFunction buy = new ApprovalRequiredAIFunction(AIFunctionFactory.Create((string share) => $"bought {share}", "buy"));

        await using CodeExecutionContextProvider provider = new([price, buy], options: null);
        AIAgent agent = new ChatClientAgent(model, new ChatClientAgentOptions { AIContextProviders = [provider] });

        AgentResponse response = await agent.RunAsync("Buy A.");
        Assert.Single(response.Messages.SelectMany(m => m.Contents).OfType<ToolApprovalRequestContent>());
    }

    [Fact]
    public async Task For_an_agent_that_you_have_with_a_pool()
    {
        CodeSessionPool sessions = new(
            () => new BubblewrapCommandLineCodeExecutor(),
            new CodeSessionPoolOptions { MaxSessions = 100, MaxLifetime = TimeSpan.FromHours(8) });
        await sessions.FillAsync();
        AIContextProvider provider = new CodeExecutionContextProvider(sessions, options: null);

        using ScriptedChatClient model = new(_ => Says("Hello."));
        await new ChatClientAgent(model, new ChatClientAgentOptions { AIContextProviders = [provider] }).RunAsync("Hello.");
        Assert.Equal("execute_code", model.Requests[0].Options!.Tools!.Single().Name);
        await sessions.DisposeAsync();
    }

    [Fact]
    public async Task The_code_executor_agent()
    {
        using ScriptedChatClient model = new(_ => Says("```sh\necho many\n```"), r => Says(r.Messages[^1].Text));

        await using CodeExecutorAgent agent = new(model, new CodeExecutorAgentOptions { MaxRetriesOnError = 2 });
        AgentResponse response = await agent.RunAsync("How many words has the first chapter of Moby Dick?");
        Console.WriteLine(response.Messages[^1].Text);

        Assert.Equal("many\n", response.Messages[^1].Text);
    }
}
