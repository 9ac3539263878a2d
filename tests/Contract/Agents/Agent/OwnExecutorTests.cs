using Glovebox.Tests.Common.Agents;
using Microsoft.Agents.AI;

namespace Glovebox.Tests.Contract.Agents.Agent;

/// <summary>The executors of an agent that was given none.</summary>
public sealed class OwnExecutorTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Variables_stay_within_a_session_and_sessions_are_apart()
    {
        await using CodeExecutorAgent agent = new();
        AgentSession one = await agent.CreateSessionAsync(Ct);
        await agent.RunAsync("```python\nn = 42\n```", one, cancellationToken: Ct);
        AgentSession again = await agent.DeserializeSessionAsync(await agent.SerializeSessionAsync(one, cancellationToken: Ct), cancellationToken: Ct);
        Assert.Equal("42\n", (await agent.RunAsync("```python\nprint(n)\n```", again, cancellationToken: Ct)).Text);
        AgentSession other = await agent.CreateSessionAsync(Ct);
        Assert.Contains("NameError", (await agent.RunAsync("```python\nprint(n)\n```", other, cancellationToken: Ct)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_needs_no_executor_either()
    {
        using ScriptedChatClient model = new(
            _ => ScriptedChatClient.Says("```python\nprint(6 * 7)\n```"), r => ScriptedChatClient.Says(r.Messages[^1].Text));
        await using (CodeExecutorAgent agent = new(model))
        {
            Assert.Equal("42\n", (await agent.RunAsync("Go.", cancellationToken: Ct)).Messages[^1].Text);
        }

        Assert.False(model.IsDisposed);
    }

    [Fact]
    public async Task Disposing_the_agent_kills_what_runs_and_ends_its_use()
    {
        CodeExecutorAgent agent = new();
        string marker = HostProcesses.NewMarker();
        Task<AgentResponse> running = agent.RunAsync($"```python\nimport os; os.execvp('sleep', ['{marker}', '600'])\n```", cancellationToken: Ct);
        await HostProcesses.AppearsAsync(marker);
        await agent.DisposeAsync();
        await HostProcesses.AreGoneAsync(marker);
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => running);
        await agent.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => agent.RunAsync("```python\n1\n```", cancellationToken: Ct));
    }

    [Fact]
    public async Task What_was_given_stays_the_callers()
    {
        FakeExecutor executor = new();
        await using CodeSessionPool pool = new(() => executor, new() { StartedAhead = 0 });
        await new CodeExecutorAgent(executor).DisposeAsync();
        await new CodeExecutorAgent(pool, null, null).DisposeAsync();
        Assert.False(executor.IsDisposed);
        await (await pool.RentAsync(Ct)).DisposeAsync();
    }

    [Fact]
    public async Task A_run_without_a_session_leaves_none_behind()
    {
        await using CodeSessionPool pool = new(() => new FakeExecutor(), new() { StartedAhead = 0 });
        CodeExecutorAgent agent = new(pool, null, null);
        await agent.RunAsync("```python\n1\n```", cancellationToken: Ct);
        Assert.Equal(0, pool.Count);

        await agent.RunAsync("```python\n1\n```", await agent.CreateSessionAsync(Ct), cancellationToken: Ct);
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void Options_are_looked_at_here_too() =>
        Assert.Throws<ArgumentException>(() => new CodeExecutorAgent(null, new CodeExecutorAgentOptions { SupportedLanguages = [] }));
}
