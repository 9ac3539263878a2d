using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

#pragma warning disable xUnit1051 // A reader of the page has no test context.

namespace Glovebox.Tests.Docs;

/// <summary>The C# of docs/application.md, compiled and run. DocumentTests sees to it that the two are the same.</summary>
public sealed class ApplicationSnippets
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pool_is_registered_and_healthy()
    {
        using TestFolder folder = new();
        folder.GiveAway();
        ServiceCollection services = new();
        services.AddLogging();
        services.AddSingleton(new WorkDirectories(folder));

        services.AddCodeSessionPool(
            async (provider, cancellationToken) =>
            {
                string workDir = await provider.GetRequiredService<WorkDirectories>().MakeAsync(cancellationToken);
                return new BubblewrapCommandLineCodeExecutor(new() { WorkDir = workDir });
            },
            options => options.StartedAhead = 2).UseLogging().UseOpenTelemetry();
        services.AddHealthChecks().AddCheck<CodeSessionPoolHealthCheck>("sandboxes");

        await using ServiceProvider built = services.BuildServiceProvider();
        HealthReport report = await built.GetRequiredService<HealthCheckService>().CheckHealthAsync(Ct);
        Assert.Equal(HealthStatus.Healthy, report.Status);
        await using CodeSessionLease lease = await built.GetRequiredService<CodeSessionPool>().AcquireAsync("a", Ct);
        Assert.Equal("1\n", (await lease.Executor.ExecuteCodeBlocksAsync([new("python", "print(1)")], Ct)).Output);
    }

    [Fact]
    public void An_update_is_written_and_read()
    {
        CodeExecutionUpdate update = new OutputClearedUpdate(1);

        string json = JsonSerializer.Serialize(update, CodeExecutionJson.Update);
        CodeExecutionUpdate? read = JsonSerializer.Deserialize(json, CodeExecutionJson.Update);

        Assert.Equal(1, Assert.IsType<OutputClearedUpdate>(read).BlockIndex);
    }

    private sealed class WorkDirectories(TestFolder folder)
    {
        private int _count;

        public async Task<string> MakeAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            return folder[$"work{Interlocked.Increment(ref _count)}"];
        }
    }
}
