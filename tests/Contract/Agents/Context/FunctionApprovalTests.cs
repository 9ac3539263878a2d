using Glovebox.Tests.Common.Agents;
using Microsoft.Agents.AI;

namespace Glovebox.Tests.Contract.Agents.Context;

/// <summary>Functions that need approval, called by code that an agent runs.</summary>
public sealed class FunctionApprovalTests
{
    private const string Payment = "import functions\ntry:\n    print(functions.pay())\nexcept functions.HostFunctionError as e:\n    print(e.code)";

    private int _payments;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_agent_asks_before_it_runs_code_that_can_call_such_a_function(bool approves)
    {
        await using CodeExecutionContextProvider provider = new([AIFunctionFactory.Create((int n) => 2 * n, "double"), Pay()], options: null);
        using ScriptedChatClient model = new(_ => Code(Payment), _ => ScriptedChatClient.Says("Done."));
        AIAgent agent = Agent(model, provider);
        AgentSession session = await agent.CreateSessionAsync(Ct);
        ToolApprovalRequestContent asked = Request(await agent.RunAsync("Pay.", session, cancellationToken: Ct));
        Assert.Equal(Payment, Assert.IsType<FunctionCallContent>(asked.ToolCall).Arguments!["code"]);
        Assert.Equal(0, _payments);

        await agent.RunAsync(new ChatMessage(ChatRole.User, [asked.CreateResponse(approves)]), session, cancellationToken: Ct);
        Assert.Equal(approves ? 1 : 0, _payments);
        Assert.Contains(approves ? "Output:\n1\n" : "rejected", model.Requests[1].LastResult, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_model_is_told_of_the_functions_and_cannot_call_them_itself()
    {
        await using CodeExecutionContextProvider provider = new([Pay()], new() { Instructions = "Run it." });
        using ScriptedChatClient model = new(_ => ScriptedChatClient.Says("Hi."));
        await Agent(model, provider).RunAsync("Hello.", cancellationToken: Ct);
        Assert.Contains("def pay()", model.Requests[0].Options!.Instructions, StringComparison.Ordinal);
        Assert.Equal(["execute_code"], model.Requests[0].Options!.Tools!.Select(t => t.Name));
    }

    [Fact]
    public async Task Where_no_function_needs_approval_code_runs_at_once()
    {
        await using CodeExecutionContextProvider provider = new([AIFunctionFactory.Create((int n) => 2 * n, "double")], options: null);
        using ScriptedChatClient model = new(
            _ => Code("import functions\nn = functions.double(21)"), _ => Code("print(n)"), r => ScriptedChatClient.Says(r.LastResult));
        AgentResponse response = await Agent(model, provider).RunAsync("Double it.", cancellationToken: Ct);
        Assert.EndsWith("Output:\n42\n", response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pool_is_asked_also_when_the_caller_describes_the_functions()
    {
        await using CodeSessionPool sessions = new(Executor);
        using ScriptedChatClient model = new(_ => Code(Payment));
        Request(await Agent(model, new CodeExecutionContextProvider(sessions, new() { FunctionsPrompt = "" })).RunAsync("Pay.", cancellationToken: Ct));
        Assert.Equal(0, sessions.Count);
    }

    [Fact]
    public async Task Code_that_was_not_approved_calls_no_such_function()
    {
        await using ICodeExecutor executor = Executor();
        Assert.Equal("Exit code: 0\nOutput:\nnot-approved\n", await RunAsync(new ExecuteCodeFunction(executor)));

        using ScriptedChatClient model = new(_ => ScriptedChatClient.Interprets(Payment), r => ScriptedChatClient.Says(r.LastResult));
        using IChatClient client = model.AsBuilder().UseCodeInterpreter(Executor).Build();
        ChatResponse response = await client.GetResponseAsync("Pay.", new ChatOptions { Tools = [new HostedCodeInterpreterTool()] }, Ct);
        Assert.Contains("not-approved", response.Text, StringComparison.Ordinal);

        Assert.Equal("not-approved\n", (await new CodeExecutorAgent(executor).RunAsync($"```python\n{Payment}\n```", cancellationToken: Ct)).Text);
        Assert.Equal(0, _payments);
    }

    [Fact]
    public async Task An_approval_ends_with_the_code_it_was_given_for()
    {
        await using ICodeExecutor executor = Executor();
        AIFunction approved = Assert.IsType<ApprovalRequiredAIFunction>(ExecuteCodeFunction.Create(executor));
        Assert.Equal("Exit code: 0\nOutput:\n1\n", await RunAsync(approved));
        Assert.Equal("Exit code: 0\nOutput:\nnot-approved\n", await RunAsync(new ExecuteCodeFunction(executor)));
        Assert.Equal("Exit code: 0\nOutput:\n2\n", await RunAsync(approved));

        // What the caller saw is what runs.
        Assert.StartsWith("Nothing was run: ", Assert.IsType<string>(await RunAsync(approved, "py")), StringComparison.Ordinal);
        Assert.Equal(2, _payments);
    }

    [Fact]
    public async Task An_executor_with_a_rule_of_its_own_asks_that()
    {
        List<string> asked = [];
        await using ICodeExecutor executor = Executor((context, _) =>
        {
            asked.Add(context.Function.Name);
            return ValueTask.FromResult(ApprovalDecision.Deny());
        });
        Assert.IsType<ExecuteCodeFunction>(ExecuteCodeFunction.Create(executor));
        await RunAsync(ExecuteCodeFunction.Create(executor));
        await RunAsync(ExecuteCodeFunction.Create(executor, new() { RequiresApproval = true }));
        Assert.Equal(["pay", "pay"], asked);
        Assert.Equal(0, _payments);
    }

    [Fact]
    public async Task A_provider_ends_its_own_sessions_and_no_others()
    {
        CodeExecutionContextProvider own = new();
        using ScriptedChatClient model = new(_ => Code("print(1)"), r => ScriptedChatClient.Says(r.LastResult));
        AIAgent agent = Agent(model, own);
        Assert.EndsWith("Output:\n1\n", (await agent.RunAsync("Go.", cancellationToken: Ct)).Text, StringComparison.Ordinal);
        await own.DisposeAsync();
        await own.DisposeAsync();
        AIFunction function = await FunctionAsync(own);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => function.InvokeAsync(new() { ["language"] = "python", ["code"] = "1" }, Ct).AsTask());

        FakeExecutor executor = new();
        await using CodeSessionPool pool = new(() => executor, new() { StartedAhead = 0 });
        await new CodeExecutionContextProvider(executor, null).DisposeAsync();
        await new CodeExecutionContextProvider(pool, null).DisposeAsync();
        Assert.False(executor.IsDisposed);
        await (await pool.RentAsync(Ct)).DisposeAsync();
    }

    [Fact]
    public void Functions_that_guest_code_cannot_be_given_are_refused_at_once()
    {
        Assert.Throws<ArgumentNullException>("functions", () => new CodeExecutionContextProvider((IEnumerable<AITool>)null!, null));
        Assert.Throws<ArgumentException>(() => new CodeExecutionContextProvider([new HostedWebSearchTool()], null));
        Assert.Throws<ArgumentException>(() => new CodeExecutionContextProvider([Pay(), Pay()], null));
    }

    private static async Task<AIFunction> FunctionAsync(CodeExecutionContextProvider provider)
    {
        AIFunction? offered = null;
        using ScriptedChatClient model = new(r =>
        {
            offered = (AIFunction)r.Options!.Tools!.Single();
            return ScriptedChatClient.Says("Hi.");
        });
        await Agent(model, provider).RunAsync("Hello.", cancellationToken: Ct);
        return offered!;
    }

    private static ChatClientAgent Agent(ScriptedChatClient model, CodeExecutionContextProvider provider) =>
        new(model, new ChatClientAgentOptions { AIContextProviders = [provider] });

    private static ChatResponse Code(string code) =>
        ScriptedChatClient.Calls(Guid.NewGuid().ToString("n"), "execute_code", ("language", "python"), ("code", code));

    private static ToolApprovalRequestContent Request(AgentResponse response) =>
        Assert.Single(response.Messages.SelectMany(m => m.Contents).OfType<ToolApprovalRequestContent>());

    private static async Task<object?> RunAsync(AIFunction function, string language = "python") =>
        await function.InvokeAsync(new() { ["language"] = language, ["code"] = Payment }, Ct);

    private ApprovalRequiredAIFunction Pay() => new(AIFunctionFactory.Create(() => ++_payments, "pay"));

    private BubblewrapCommandLineCodeExecutor Executor() => Executor(null);

    private BubblewrapCommandLineCodeExecutor Executor(Func<FunctionCallContext, CancellationToken, ValueTask<ApprovalDecision>>? approval) =>
        new(new() { Functions = { Pay() }, FunctionApproval = approval });
}
