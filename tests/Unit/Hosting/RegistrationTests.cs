using Glovebox.Tests.Unit.Options;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Glovebox.Tests.Unit.Hosting;

public sealed class RegistrationTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_registered_executor_has_the_decorators_that_were_added_to_it()
    {
        ScriptedExecutor inner = new();
        CollectingLogger log = new();
        ServiceCollection services = new();
        services.AddSingleton<ILoggerFactory>(log);
        services.AddCodeExecutor(_ => inner).UseLogging().UseApproval(_ => ApprovalDecision.Deny("no"));
        await using (ServiceProvider provider = services.BuildServiceProvider())
        {
            ICodeExecutor executor = provider.GetRequiredService<ICodeExecutor>();
            Assert.Same(executor, provider.GetRequiredService<ICodeExecutor>());
            Assert.IsType<LoggingCodeExecutor>(executor);
            Assert.Equal(TerminationReason.Denied, (await executor.ExecuteCodeBlocksAsync([new("sh", "1")], Ct)).Blocks[0].Termination);
            Assert.NotEmpty(log.Entries);
            Assert.Empty(inner.Received);
        }

        Assert.Equal(["dispose"], inner.Calls);
    }

    [Fact]
    public async Task A_scoped_executor_lives_as_long_as_its_scope()
    {
        List<ScriptedExecutor> made = [];
        ServiceCollection services = new();
        services.AddCodeExecutor(
            _ =>
            {
                made.Add(new());
                return made[^1];
            },
            ServiceLifetime.Scoped);
        await using ServiceProvider provider = services.BuildServiceProvider();
        await using (AsyncServiceScope scope = provider.CreateAsyncScope())
        {
            Assert.Same(scope.ServiceProvider.GetRequiredService<ICodeExecutor>(), scope.ServiceProvider.GetRequiredService<ICodeExecutor>());
        }

        await using (AsyncServiceScope scope = provider.CreateAsyncScope())
        {
            Assert.NotSame(made[0], scope.ServiceProvider.GetRequiredService<ICodeExecutor>());
            Assert.Equal(["dispose"], made[0].Calls);
            Assert.Empty(made[1].Calls);
        }
    }

    [Fact]
    public async Task Keys_tell_executors_apart()
    {
        ServiceCollection services = new();
        services.AddKeyedCodeExecutor("instance", _ => new ScriptedExecutor());
        services.AddKeyedCodeExecutor("factory", _ => new ScriptedExecutor()).UseOpenTelemetry();
        services.AddKeyedCodeExecutor("configured", Settings.Section(Settings.Bubblewrap));
        services.AddKeyedCodeExecutor("bubblewrap", s => BubblewrapCommandLineCodeExecutor.Kind.Create(o => o.Policy.Memory = 64 << 20, s));
        services.AddKeyedCodeExecutor("local", s => LocalCommandLineCodeExecutor.Kind.Create(o => o.Policy.MaxOutput = 4096, s));
        services.AddKeyedCodeExecutor("local configured", Settings.Section(Settings.Local));
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.IsType<ScriptedExecutor>(provider.GetRequiredKeyedService<ICodeExecutor>("instance"));
        Assert.IsType<OpenTelemetryCodeExecutor>(provider.GetRequiredKeyedService<ICodeExecutor>("factory"));
        Assert.Equal(12, Bubblewrap("configured").Policy.MaxProcesses);
        Assert.Equal(64 << 20, Bubblewrap("bubblewrap").Policy.Memory);
        Assert.Equal(4096, Local("local").Policy.MaxOutput);
        Assert.Equal(2048, Local("local configured").Policy.MaxOutput);
        Assert.Null(provider.GetService<ICodeExecutor>());

        BubblewrapCommandLineCodeExecutorOptions Bubblewrap(string key) =>
            Assert.IsType<BubblewrapCommandLineCodeExecutor>(provider.GetRequiredKeyedService<ICodeExecutor>(key)).Options;

        LocalCommandLineCodeExecutorOptions Local(string key) =>
            Assert.IsType<LocalCommandLineCodeExecutor>(provider.GetRequiredKeyedService<ICodeExecutor>(key)).Options;
    }

    [Fact]
    public async Task A_kind_is_made_by_a_delegate_configuration_or_nothing()
    {
        CodeExecutorKind<BubblewrapCommandLineCodeExecutorOptions> kind = BubblewrapCommandLineCodeExecutor.Kind;
        Assert.Equal(OptionsText.Of(new BubblewrapCommandLineCodeExecutorOptions()), await MakeAsync(s => s.AddCodeExecutor(p => kind.Create(configure: null, p))));
        Assert.Equal(
            OptionsText.Of(new BubblewrapCommandLineCodeExecutorOptions { WorkDir = "/w" }),
            await MakeAsync(s => s.AddCodeExecutor(p => kind.Create(o => o.WorkDir = "/w", p))));
        Assert.Equal(
            OptionsText.Of(Settings.BubblewrapOptions),
            await MakeAsync(s => s.AddCodeExecutor(p => kind.Create(Settings.Section(Settings.Bubblewrap), p))));
        Assert.Equal(OptionsText.Of(Settings.BubblewrapOptions), await MakeAsync(s => s.AddCodeExecutor(Settings.Section(Settings.Bubblewrap))));
    }

    [Fact]
    public async Task A_wrong_setting_is_told_when_the_executor_is_made()
    {
        await using ServiceProvider provider = With(s => s.AddCodeExecutor(Settings.Section(("Tiemout", "1")))).BuildServiceProvider();
        Assert.StartsWith(
            "Executor:Tiemout: ", Assert.Throws<ArgumentException>(provider.GetRequiredService<ICodeExecutor>).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_section_of_another_kind_is_refused()
    {
        await using ServiceProvider provider = With(
            s => s.AddCodeExecutor(p => BubblewrapCommandLineCodeExecutor.Kind.Create(Settings.Section(Settings.Local), p))).BuildServiceProvider();
        Assert.Equal(
            "Executor:Kind: this is for a local executor, and a bubblewrap executor was asked for.",
            Assert.Throws<ArgumentException>(provider.GetRequiredService<ICodeExecutor>).Message);
    }

    [Fact]
    public async Task Executors_get_the_containers_logger_and_clock()
    {
        CollectingLogger log = new();
        Microsoft.Extensions.Time.Testing.FakeTimeProvider clock = new();
        await using ServiceProvider provider = With(s =>
        {
            s.AddSingleton<ILoggerFactory>(log).AddSingleton<TimeProvider>(clock);
            s.AddCodeExecutor(p => LocalCommandLineCodeExecutor.Kind.Create(o => o.Timeout = TimeSpan.FromMinutes(1), p));
        }).BuildServiceProvider();
        ICodeExecutor executor = provider.GetRequiredService<ICodeExecutor>();
        Assert.Contains(log.Entries, e => e.Level == LogLevel.Warning);
        await executor.StartAsync(Ct);
        Running running = new(executor.ExecuteCodeBlocksStreamingAsync([new("sh", "echo ready; sleep 1000")], Ct));
        await running.PrintsAsync("ready");
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.True((await running.Completion).Blocks[0].TimedOut);
    }

    [Fact]
    public void Wrong_arguments_are_refused_at_once()
    {
        ServiceCollection services = new();
        Assert.Throws<ArgumentNullException>(() => services.AddCodeExecutor((Func<IServiceProvider, ICodeExecutor>)null!));
        Assert.Throws<ArgumentNullException>(() => services.AddCodeExecutor((IConfiguration)null!));
        Assert.Throws<ArgumentNullException>(() => services.AddKeyedCodeExecutor("key", (IConfiguration)null!));
        Assert.Throws<ArgumentNullException>(() => BubblewrapCommandLineCodeExecutor.Kind.Create((IConfiguration)null!, services: null));
        Assert.Throws<ArgumentNullException>(() => ((IServiceCollection)null!).AddCodeExecutor(_ => new ScriptedExecutor()));
        Assert.DoesNotContain(services, d => d.ServiceType == typeof(ICodeExecutor));
    }

    private static ServiceCollection With(Action<IServiceCollection> add)
    {
        ServiceCollection services = new();
        add(services);
        return services;
    }

    private static async Task<SortedDictionary<string, string>> MakeAsync(Action<IServiceCollection> add)
    {
        await using ServiceProvider provider = With(add).BuildServiceProvider();
        return OptionsText.Of(Assert.IsType<BubblewrapCommandLineCodeExecutor>(provider.GetRequiredService<ICodeExecutor>()).Options);
    }
}
