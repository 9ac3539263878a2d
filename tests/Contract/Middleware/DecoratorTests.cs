namespace Glovebox.Tests.Contract.Middleware;

public sealed class DecoratorTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_decorator_passes_every_call_on()
    {
        ScriptedExecutor inner = new();
        await using ICodeExecutor executor = new Decorator(inner, "d", []);
        await executor.StartAsync(Ct);
        await executor.RestartAsync(Ct);
        Assert.Equal("1", (await executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct)).Output);
        await executor.StopAsync(Ct);
        Assert.Same(inner.Workspace, executor.Workspace);
        Assert.Equal(["start", "restart", "run 1", "end", "stop"], inner.Calls);
    }

    [Fact]
    public async Task A_decorator_disposes_what_it_wraps_once()
    {
        ScriptedExecutor inner = new();
        ICodeExecutor executor = inner.AsBuilder()
            .UseLogging(new CollectingLogger())
            .UseOpenTelemetry()
            .UseAudit(new CollectingSink())
            .UseApproval(_ => ApprovalDecision.Approve())
            .Use(within => new Decorator(within, "d", []))
            .Build();
        await executor.DisposeAsync();
        await executor.DisposeAsync();
        Assert.Equal(["dispose"], inner.Calls);
    }

    [Fact]
    public async Task The_decorator_that_was_added_first_is_the_outermost()
    {
        List<string> order = [];
        await using ICodeExecutor executor = new ScriptedExecutor().AsBuilder()
            .Use(inner => new Decorator(inner, "first", order)).Use((inner, _) => new Decorator(inner, "second", order)).Build();
        await executor.StartAsync(Ct);
        Assert.Equal(["first", "second"], order);
    }

    [Fact]
    public async Task Services_are_found_through_all_decorators()
    {
        ScriptedExecutor inner = new() { Services = { [typeof(Version)] = new Version(1, 2) } };
        await using ICodeExecutor executor = inner.AsBuilder()
            .UseLogging(new CollectingLogger()).UseOpenTelemetry().UseApproval(_ => ApprovalDecision.Approve()).Build();
        Assert.Same(executor, executor.GetService<ICodeExecutor>());
        Assert.Same(executor, executor.GetService<LoggingCodeExecutor>());
        Assert.IsType<OpenTelemetryCodeExecutor>(executor.GetService<OpenTelemetryCodeExecutor>());
        Assert.Same(inner, executor.GetService<ScriptedExecutor>());
        Assert.Equal(new Version(1, 2), executor.GetService<Version>());
        Assert.Null(executor.GetService<Uri>());
        Assert.Null(executor.GetService<ICodeExecutor>("key"));
    }

    [Fact]
    public async Task Capabilities_are_there_while_the_executor_is_started()
    {
        await using ICodeExecutor executor = new LocalCommandLineCodeExecutor().AsBuilder().UseApproval(_ => ApprovalDecision.Approve()).Build();
        Assert.Null(executor.GetService<SandboxCapabilities>());
        await executor.StartAsync(Ct);
        Assert.Equal("local", executor.GetService<SandboxCapabilities>()!.Kind);
    }

    [Fact]
    public async Task A_builder_with_a_factory_makes_an_executor_at_each_build()
    {
        List<IServiceProvider> seen = [];
        CodeExecutorBuilder builder = new(services =>
        {
            seen.Add(services);
            return new ScriptedExecutor();
        });
        NoServices services = new();
        await using ICodeExecutor one = builder.Build();
        await using ICodeExecutor two = builder.Build(services);
        Assert.NotSame(one, two);
        Assert.Null(seen[0].GetService(typeof(Uri)));
        Assert.Same(services, seen[1]);
    }

    [Fact]
    public async Task A_factory_that_gives_nothing_is_an_error()
    {
        await using ScriptedExecutor inner = new();
        Assert.Throws<InvalidOperationException>(() => new CodeExecutorBuilder(_ => null!).Build());
        Assert.Throws<InvalidOperationException>(() => inner.AsBuilder().Use(_ => null!).Build());
        Assert.Throws<ArgumentNullException>(() => new CodeExecutorBuilder((ICodeExecutor)null!));
        Assert.Throws<ArgumentNullException>(() => new Decorator(null!, "d", []));
    }

    private sealed class Decorator(ICodeExecutor inner, string name, List<string> order) : DelegatingCodeExecutor(inner)
    {
        public override Task StartAsync(CancellationToken cancellationToken = default)
        {
            order.Add(name);
            return base.StartAsync(cancellationToken);
        }
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
