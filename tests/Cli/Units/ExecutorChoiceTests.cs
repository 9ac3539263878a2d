using System.Text.Json.Nodes;
using Glovebox.Cli.Executors;
using Glovebox.Cli.Run;
using Glovebox.Docker;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Tests.Cli.Units;

/// <summary>Which executor is taken, by kinds that fail as the test says.</summary>
public sealed class ExecutorChoiceTests
{
    private readonly FakeKind _sandbox = new("sandbox", isIsolated: true);
    private readonly FakeKind _container = new("container", isIsolated: true) { TakesImage = true };
    private readonly FakeKind _kernel = new("kernel", isIsolated: true, sharesState: true) { TakesImage = true };
    private readonly FakeKind _host = new("host", isIsolated: false);

    private FakeKind[] All => [_sandbox, _container, _kernel, _host];

    [Fact]
    public async Task Auto_takes_the_first_that_works()
    {
        Assert.Equal("sandbox", await StartAsync(new()));
        Assert.Equal([1, 0, 0, 0], All.Select(k => k.Started));

        _sandbox.Error = new SandboxUnavailableException("sandbox-unavailable", "There is none.");
        Assert.Equal("container", await StartAsync(new()));
        Assert.Equal(1, _sandbox.Disposed);
        Assert.Equal(0, _container.Disposed);
    }

    [Fact]
    public async Task Auto_goes_on_where_a_limit_cannot_be_kept()
    {
        _sandbox.Error = new PolicyNotEnforceableException("Memory was set, but cannot be limited here.");

        Assert.Equal("container", await StartAsync(new() { Memory = 1 << 30 }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_limit_that_no_executor_can_keep_is_the_only_thing_said(bool isFirst)
    {
        PolicyNotEnforceableException limit = new("Memory was set, but cannot be limited here.", "Leave it out.");
        SandboxUnavailableException other = new("other-unavailable", "The engine is down.", "Start it.");
        (_sandbox.Error, _container.Error) = isFirst ? ((Exception)limit, (Exception)other) : (other, limit);

        Assert.Same(limit, await Assert.ThrowsAsync<PolicyNotEnforceableException>(() => StartAsync(new() { Memory = 1 << 30 })));
        Assert.Equal([1, 1, 0, 0], All.Select(k => k.Disposed));
    }

    [Fact]
    public async Task Auto_takes_only_what_isolates_and_explains_each_failure()
    {
        _sandbox.Error = new SandboxUnavailableException("sandbox-unavailable", "There is none.", "Install it.");
        _container.Error = new SandboxUnavailableException("container-unavailable", "The engine is down.", "Start it.");

        CliException error = await Assert.ThrowsAsync<CliException>(() => StartAsync(new()));

        Assert.Equal("no-executor", error.Code);
        Assert.Equal("No executor that isolates works here. sandbox: There is none. container: The engine is down.", error.Message);
        Assert.Equal("Install it. Start it. For code that you trust there is --executor local.", error.Hint);
        Assert.Equal(125, error.ExitCode);
        Assert.Equal([1, 1, 0, 0], All.Select(k => k.Disposed));
        Assert.Equal([1, 1, 0, 0], All.Select(k => k.Started));
    }

    [Fact]
    public async Task Auto_does_not_go_on_when_the_work_directory_is_at_fault()
    {
        _sandbox.Error = new SandboxUnavailableException("work-directory-unusable", "It is a file.");

        Assert.Same(_sandbox.Error, await Assert.ThrowsAsync<SandboxUnavailableException>(() => StartAsync(new())));
        Assert.Equal([1, 0, 0, 0], All.Select(k => k.Disposed));
        Assert.Equal(0, _container.Started);
    }

    [Fact]
    public async Task Auto_passes_over_what_cannot_honour_an_option() =>
        Assert.Equal("container", await StartAsync(new() { Image = "x" }));

    [Fact]
    public async Task An_executor_that_is_named_is_the_only_one_that_is_tried()
    {
        Assert.Equal("host", await StartAsync(new() { Executor = "host" }));

        _sandbox.Error = new SandboxUnavailableException("sandbox-unavailable", "There is none.");
        Assert.Same(
            _sandbox.Error, await Assert.ThrowsAsync<SandboxUnavailableException>(() => StartAsync(new() { Executor = "sandbox" })));
        Assert.Equal(1, _sandbox.Disposed);
        Assert.Equal(0, _container.Started);
    }

    [Fact]
    public void Options_that_cannot_be_honoured_are_refused_before_anything_starts()
    {
        CliException error = Assert.Throws<CliException>(() => new ExecutorChoice(new() { Executor = "host", Image = "x", Memory = 1 << 30 }, All));
        Assert.Equal("--executor host cannot honour --image and --memory.", error.Message);
        Assert.Equal("Leave them out, or take --executor container or kernel.", error.Hint);
        Assert.Equal(2, error.ExitCode);

        error = Assert.Throws<CliException>(() => new ExecutorChoice(new() { Cpus = 1 }, [_host]));
        Assert.Equal("No executor can honour --cpus.", error.Message);

        error = Assert.Throws<CliException>(() => new ExecutorChoice(new() { Image = "x" }, [_sandbox, _kernel]));
        Assert.Equal("--executor auto cannot honour --image.", error.Message);
        Assert.Equal("Leave it out, or take --executor kernel.", error.Hint);
    }

    [Fact]
    public async Task A_cancelled_start_is_no_reason_to_go_on()
    {
        _sandbox.Error = new OperationCanceledException();

        await Assert.ThrowsAsync<OperationCanceledException>(() => StartAsync(new()));
        Assert.Equal(1, _sandbox.Disposed);
        Assert.Equal(0, _container.Started);
    }

    [Fact]
    public void The_tool_offers_these_kinds_in_this_order_and_takes_only_two_of_them_unasked()
    {
        Assert.Equal(["bubblewrap", "docker", "interpreter", "jupyter", "docker-interpreter", "docker-jupyter", "local", "local-interpreter"], ExecutorKinds.All.Select(k => k.Name));
        Assert.Equal(["bubblewrap", "docker"], ExecutorKinds.All.Where(k => k.IsAutomatic).Select(k => k.Name));
        Assert.Equal(["interpreter", "docker-interpreter"], ExecutorKinds.All.Where(k => k.IsAutomaticWithState).Select(k => k.Name));
        Assert.Equal(["docker", "docker-interpreter", "docker-jupyter"], ExecutorKinds.All.Where(k => k.Takes.HasFlag(ExecutorOptions.Image)).Select(k => k.Name));
        Assert.Equal(ExecutorOptions.None, ExecutorKinds.All.Single(k => k.Name == "local").Takes);
        Assert.Equal(ExecutorOptions.Preload, ExecutorKinds.All.Single(k => k.Name == "local-interpreter").Takes);
    }

    [Theory]
    [InlineData("auto", null, "auto")]
    [InlineData("command-line", null, "auto")]
    [InlineData("interpreter", null, "interpreter")]
    [InlineData("auto", "docker", "docker")]
    [InlineData("command-line", "bubblewrap", "bubblewrap")]
    [InlineData("interpreter", "bubblewrap", "interpreter")]
    [InlineData("interpreter", "docker", "docker-interpreter")]
    [InlineData("interpreter", "local", "local-interpreter")]
    [InlineData("jupyter", "docker", "docker-jupyter")]
    public void How_and_where_name_a_kind(string how, string? where, string kind) =>
        Assert.Equal(kind, ExecutorKinds.Resolve(how, where, "command-line"));

    [Theory]
    [InlineData("jupyter", "local", "There is no jupyter executor on local.")]
    [InlineData("docker", "local", "--on says where, and --executor docker does, too.")]
    public void A_cell_that_is_empty_is_said_to_be(string how, string where, string message) =>
        Assert.Equal(message, Assert.Throws<CliException>(() => ExecutorKinds.Resolve(how, where, "command-line")).Message);

    private async Task<string> StartAsync(RunRequest request) =>
        (await new ExecutorChoice(request, All).StartAsync(e => e, TestContext.Current.CancellationToken)).Name;

    private sealed class FakeKind(string name, bool isIsolated, bool sharesState = false) : CodeExecutorKind(name, isIsolated, sharesState)
    {
        public bool TakesImage { get; init; }

        public override Type OptionsType => TakesImage ? typeof(DockerCommandLineCodeExecutorOptions) : base.OptionsType;

        public Exception? Error { get; set; }

        public int Started { get; set; }

        public int Disposed { get; set; }

        public override ICodeExecutor Create(IConfiguration configuration, IServiceProvider? services) => throw new NotSupportedException();

        public override ICodeExecutor Create(Action<CommandLineCodeExecutorOptions>? configure, IServiceProvider? services) => new FakeExecutor(this);

        public override JsonObject? TryWrite(ICodeExecutor executor) => throw new NotSupportedException();
    }

    private sealed class FakeExecutor(FakeKind kind) : ICodeExecutor
    {
        public IWorkspace Workspace => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken)
        {
            kind.Started++;
            return kind.Error is null ? Task.CompletedTask : Task.FromException(kind.Error);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task RestartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
            IReadOnlyList<CodeBlock> codeBlocks, CodeExecutionOptions? options, CancellationToken cancellationToken) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey) => null;

        public ValueTask DisposeAsync()
        {
            kind.Disposed++;
            return ValueTask.CompletedTask;
        }
    }
}
