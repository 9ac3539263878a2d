namespace Glovebox.Tests.Common.Agents;

/// <summary>Real sandboxes.</summary>
public static class AgentSandboxes
{
    /// <summary>Not started, with a work directory of its own.</summary>
    public static ICodeExecutor Create() => new BubblewrapCommandLineCodeExecutor();

    public static async Task<ICodeExecutor> StartAsync()
    {
        ICodeExecutor executor = Create();
        await executor.StartAsync(TestContext.Current.CancellationToken);
        return executor;
    }
}
