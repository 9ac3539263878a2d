using System.Collections.Concurrent;
using Glovebox.Tests.Common.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Glovebox.Tests.Unit.Hosting;

/// <summary>A pool among the services, and the health of pools and executors.</summary>
public sealed class PoolRegistrationTests
{
    private readonly ConcurrentQueue<ScriptedExecutor> _made = new();

    private Func<CancellationToken, Task> _starting = _ => Task.CompletedTask;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_registered_pool_makes_decorated_executors_and_ends_with_the_container()
    {
        CollectingLogger log = new();
        ServiceCollection services = new();
        services.AddSingleton<ILoggerFactory>(log);
        services.AddCodeSessionPool(MakeAsync, o => o.StartedAhead = 0).UseApproval(_ => ApprovalDecision.Deny("no"));
        await using (ServiceProvider provider = services.BuildServiceProvider())
        {
            CodeSessionPool pool = provider.GetRequiredService<CodeSessionPool>();
            Assert.Same(pool, provider.GetRequiredService<CodeSessionPool>());
            Assert.Empty(_made);
            await using CodeSessionLease lease = await pool.AcquireAsync("a", Ct);
            CodeResult result = await lease.Executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct);
            Assert.Equal(TerminationReason.Denied, result.Blocks[0].Termination);
            Assert.NotEmpty(log.Entries);
        }

        Assert.Equal(["start", "dispose"], Assert.Single(_made).Calls);
    }

    [Fact]
    public async Task Keys_tell_pools_apart()
    {
        ServiceCollection services = new();
        services.AddKeyedCodeSessionPool("a", MakeAsync, o => o.StartedAhead = 0);
        services.AddKeyedCodeSessionPool("b", MakeAsync, o => o.StartedAhead = 2);
        await using ServiceProvider provider = services.BuildServiceProvider();
        await provider.GetRequiredKeyedService<CodeSessionPool>("a").FillAsync(Ct);
        Assert.Empty(_made);
        await provider.GetRequiredKeyedService<CodeSessionPool>("b").FillAsync(Ct);
        Assert.Equal(2, _made.Count);
        Assert.Null(provider.GetService<CodeSessionPool>());
    }

    [Fact]
    public async Task A_factory_that_takes_its_time_is_cancelled_when_the_session_is_ended()
    {
        TaskCompletionSource<CancellationToken> asked = new();
        await using CodeSessionPool pool = CodeSessionPool.Create(
            async cancellationToken =>
            {
                asked.SetResult(cancellationToken);
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return new ScriptedExecutor();
            },
            new() { StartedAhead = 0 });
        Task<CodeSessionLease> lease = pool.AcquireAsync("a", Ct).AsTask();
        await asked.Task;
        await pool.EndAsync("a");
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => lease);
    }

    [Fact]
    public async Task A_factory_that_fails_or_gives_nothing_fails_the_session_and_not_the_pool()
    {
        int calls = 0;
        await using CodeSessionPool pool = CodeSessionPool.Create(
            async _ =>
            {
                await Task.Yield();
                calls++;
                return calls switch { 1 => throw new FormatException("broken"), 2 => null!, _ => new ScriptedExecutor() };
            },
            new() { StartedAhead = 0 });
        await Assert.ThrowsAsync<FormatException>(() => pool.AcquireAsync("a", Ct).AsTask());
        await Assert.ThrowsAsync<InvalidOperationException>(() => pool.AcquireAsync("a", Ct).AsTask());
        await using CodeSessionLease lease = await pool.AcquireAsync("a", Ct);
        Assert.True(lease.IsNew);
    }

    [Fact]
    public async Task A_pool_is_healthy_when_executors_start_and_unhealthy_when_they_do_not()
    {
        ServiceCollection services = Checked<CodeSessionPoolHealthCheck>(HealthStatus.Unhealthy);
        services.AddCodeSessionPool(MakeAsync);
        await using ServiceProvider provider = services.BuildServiceProvider();
        HealthReportEntry entry = await CheckAsync(provider);
        Assert.Equal((HealthStatus.Healthy, null), (entry.Status, entry.Description));
        Assert.Equal(1, entry.Data["ready"]);

        _starting = _ => throw new SandboxUnavailableException("no-room", "No room.", "Make room.");
        await using CodeSessionLease lease = await provider.GetRequiredService<CodeSessionPool>().RentAsync(Ct);
        entry = await CheckAsync(provider);
        Assert.Equal((HealthStatus.Unhealthy, "No room. Make room."), (entry.Status, entry.Description));
        Assert.Equal((1, 1), (entry.Data["sessions"], entry.Data["used"]));
        Assert.IsType<SandboxUnavailableException>(entry.Exception);
    }

    [Fact]
    public async Task A_pool_for_which_callers_wait_is_degraded_and_one_that_is_disposed_has_failed()
    {
        CodeSessionPool pool = CodeSessionPool.Create(
            async _ => await MakeAsync(null!, Ct), new() { StartedAhead = 0, MaxSessions = 1, WhenFull = FullPoolBehavior.Wait });
        ServiceCollection services = Checked<CodeSessionPoolHealthCheck>(HealthStatus.Degraded);
        services.AddSingleton(pool);
        await using ServiceProvider provider = services.BuildServiceProvider();
        CodeSessionLease first = await pool.RentAsync(Ct);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(provider)).Status);
        Task<CodeSessionLease> second = pool.RentAsync(Ct).AsTask();
        HealthReportEntry entry = await CheckAsync(provider);
        Assert.Equal((HealthStatus.Degraded, "All 1 sessions are in use, and 1 callers wait."), (entry.Status, entry.Description));
        await first.DisposeAsync();
        await (await second).DisposeAsync();
        await pool.DisposeAsync();
        entry = await CheckAsync(provider);
        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.IsType<ObjectDisposedException>(entry.Exception);
    }

    [Fact]
    public async Task An_executor_is_healthy_when_it_starts_degraded_when_its_sandbox_is_lost_and_unhealthy_when_it_is_stopped()
    {
        FakeSandboxProvider sandboxes = new();
        ServiceCollection services = Checked<CodeExecutorHealthCheck>(HealthStatus.Unhealthy);
        services.AddCodeExecutor(_ => new CommandLineCodeExecutor(sandboxes)).UseOpenTelemetry();
        await using ServiceProvider provider = services.BuildServiceProvider();
        HealthReportEntry entry = await CheckAsync(provider);
        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal(sandboxes.Kind, entry.Data["environment"]);
        Assert.Single(sandboxes.Started);

        sandboxes.Started[0].Lose();
        Assert.Equal(HealthStatus.Degraded, (await CheckAsync(provider)).Status);

        await provider.GetRequiredService<ICodeExecutor>().StopAsync(Ct);
        entry = await CheckAsync(provider);
        Assert.Equal((HealthStatus.Unhealthy, "The executor is stopped. Call StartAsync first."), (entry.Status, entry.Description));
        Assert.Single(sandboxes.Started);
    }

    [Fact]
    public async Task An_executor_that_cannot_be_started_is_unhealthy_and_says_why()
    {
        _starting = _ => throw new SandboxUnavailableException("no-room", "No room.", "Make room.");
        ServiceCollection services = Checked<CodeExecutorHealthCheck>(HealthStatus.Unhealthy);
        services.AddCodeExecutor(_ => new ScriptedExecutor { Lifecycle = _starting });
        await using ServiceProvider provider = services.BuildServiceProvider();
        HealthReportEntry entry = await CheckAsync(provider);
        Assert.Equal((HealthStatus.Unhealthy, "No room. Make room."), (entry.Status, entry.Description));
    }

    private static ServiceCollection Checked<T>(HealthStatus failureStatus)
        where T : class, IHealthCheck
    {
        ServiceCollection services = new();
        services.AddLogging();
        services.AddHealthChecks().AddCheck<T>("sandboxes", failureStatus);
        return services;
    }

    private static async Task<HealthReportEntry> CheckAsync(ServiceProvider provider) =>
        (await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(Ct)).Entries["sandboxes"];

    private async ValueTask<ICodeExecutor> MakeAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        ScriptedExecutor executor = new() { Lifecycle = token => _starting(token) };
        _made.Enqueue(executor);
        return executor;
    }
}
