using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Glovebox.Tests.Unit.Options;

public sealed class CodeExecutorFactoryTests
{
    [Theory]
    [InlineData(null, "the kind of executor is missing. There are: bubblewrap, interpreter, local, local-interpreter.")]
    [InlineData("", "there is no kind of executor ''. There are: bubblewrap, interpreter, local, local-interpreter.")]
    [InlineData("kubernetes", "there is no kind of executor 'kubernetes'. There are: bubblewrap, interpreter, local, local-interpreter.")]
    [InlineData("docker", "there is no kind of executor 'docker'. There are: bubblewrap, interpreter, local, local-interpreter. 'docker' is in the package Glovebox.Docker. Register it: services.AddCodeExecutorKinds(Glovebox.Docker.DockerCommandLineCodeExecutor.Kind), or factory.Register(Glovebox.Docker.DockerCommandLineCodeExecutor.Kind).")]
    public void A_kind_that_is_not_there_is_an_error_that_names_those_that_are(string? kind, string message)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => new CodeExecutorFactory().Create(Settings.Section(("Kind", kind))));
        Assert.Equal($"Executor:Kind: {message}", e.Message);
    }

    public static TheoryData<string, string> OtherPackages => new()
    {
        { DockerCommandLineCodeExecutor.Kind.Name, typeof(DockerCommandLineCodeExecutor).FullName! },
        { DockerJupyterCodeExecutor.Kind.Name, typeof(DockerJupyterCodeExecutor).FullName! },
        { JupyterCodeExecutor.Kind.Name, typeof(JupyterCodeExecutor).FullName! },
    };

    [Theory]
    [MemberData(nameof(OtherPackages))]
    public void A_kind_of_another_package_that_is_not_registered_is_an_error_that_names_the_call(string kind, string type)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => new CodeExecutorFactory().Create(Settings.Section(("Kind", kind.ToUpperInvariant()))));
        Assert.Contains($"services.AddCodeExecutorKinds({type}.Kind)", e.Message, StringComparison.Ordinal);
        Assert.Contains($"package {type[..type.LastIndexOf('.')]}.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_call_that_the_error_names_makes_configuration_work_however_often_it_is_made()
    {
        ServiceCollection services = new();
        services.AddCodeExecutor(Settings.Section(("Kind", "docker"), ("Image", "python:3.13")));
        services.AddCodeExecutorKinds(DockerCommandLineCodeExecutor.Kind).AddCodeExecutorKinds(DockerCommandLineCodeExecutor.Kind);
        await using ServiceProvider provider = services.BuildServiceProvider();
        Assert.IsType<DockerCommandLineCodeExecutor>(provider.GetRequiredService<ICodeExecutor>());
    }

    [Fact]
    public void Configuration_without_anything_is_an_error() => Assert.Equal(
        "Kind: the kind of executor is missing. There are: bubblewrap, interpreter, local, local-interpreter.",
        Assert.Throws<ArgumentException>(() => new CodeExecutorFactory().Create(new ConfigurationBuilder().Build())).Message);

    [Fact]
    public async Task A_registered_kind_is_made_and_written()
    {
        CodeExecutorFactory factory = new CodeExecutorFactory().Register(new ScriptedKind("scripted"));
        Assert.Equal(["bubblewrap", "interpreter", "local", "local-interpreter", "scripted"], factory.Kinds.Select(k => k.Name));
        await using ICodeExecutor executor = factory.Create(Settings.Section(("Kind", "SCRIPTED"), ("Name", "a")));
        Assert.IsType<ScriptedExecutor>(executor);
        Assert.Equal([new("Kind", "scripted"), new("Name", "a")], factory.GetConfiguration(executor));
    }

    [Fact]
    public void A_name_stands_for_one_kind()
    {
        CodeExecutorFactory factory = new();
        Assert.Equal(
            "There is a kind of executor 'Local' already.",
            Assert.Throws<ArgumentException>(() => factory.Register(new ScriptedKind("Local"))).Message);
        Assert.Throws<ArgumentException>(() => new ScriptedKind(" "));
    }

    [Fact]
    public async Task A_container_gives_kinds_loggers_and_the_time()
    {
        CollectingLogger log = new();
        await using ServiceProvider services = new ServiceCollection()
            .AddCodeExecutorKinds().AddCodeExecutorKinds(new ScriptedKind("scripted"))
            .AddSingleton<Microsoft.Extensions.Logging.ILoggerFactory>(log)
            .BuildServiceProvider();
        CodeExecutorFactory factory = services.GetRequiredService<CodeExecutorFactory>();
        await using ICodeExecutor scripted = factory.Create(Settings.Section(("Kind", "scripted")));
        Assert.IsType<ScriptedExecutor>(scripted);
        Assert.Empty(log.Entries);
        await using ICodeExecutor local = factory.Create(Settings.Section(("Kind", "local")));
        Assert.Contains("isolates nothing", Assert.Single(log.Entries).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kind_is_tried_by_starting_one()
    {
        ExecutorDiagnosis diagnosis = await new ScriptedKind("scripted").DiagnoseAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("scripted", true), (diagnosis.Name, diagnosis.IsAvailable));
    }

    [Fact]
    public async Task What_is_made_runs()
    {
        using TestFolder folder = new();
        await using ICodeExecutor executor = new CodeExecutorFactory().Create(
            Settings.Section(("Kind", "local"), ("WorkDir", folder.Path), ("DeleteTempFiles", "true"), ("Environment:GREETING", "hello")));
        await executor.StartAsync(TestContext.Current.CancellationToken);
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [new("sh", "echo $GREETING > greeting; cat greeting")], TestContext.Current.CancellationToken);
        Assert.Equal("hello\n", result.Output);
        Assert.Equal(["greeting"], folder.Entries());
    }

    private sealed class ScriptedKind(string name) : CodeExecutorKind(name, isIsolated: false)
    {
        public override ICodeExecutor Create(IConfiguration configuration, IServiceProvider? services) =>
            new ScriptedExecutor { Services = { [typeof(string)] = configuration["Name"] ?? "" } };

        public override ICodeExecutor Create(Action<CommandLineCodeExecutorOptions>? configure, IServiceProvider? services) => new ScriptedExecutor();

        public override JsonObject? TryWrite(ICodeExecutor executor) =>
            executor is ScriptedExecutor scripted ? new() { ["Name"] = (string)scripted.Services[typeof(string)] } : null;
    }
}
