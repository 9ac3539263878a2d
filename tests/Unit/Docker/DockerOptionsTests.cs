using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Glovebox.Tests.Unit.Docker;

public sealed class OptionsTests
{
    private static void Refuses(DockerCommandLineCodeExecutorOptions options, string name) =>
        Assert.Contains(name, Assert.Throws<ArgumentException>(() => new DockerCommandLineCodeExecutor(options)).Message, StringComparison.Ordinal);

    [Fact]
    public void Defaults_are_as_documented()
    {
        DockerCommandLineCodeExecutorOptions options = new();
        Assert.Equal("python:3-slim", options.Image);
        Assert.Equal(TimeSpan.FromSeconds(60), options.Timeout);
        Assert.Equal((true, true, false, PullPolicy.Missing), (options.AutoRemove, options.StopContainer, options.DeleteTempFiles, options.PullPolicy));
        Assert.Null(options.ContainerName ?? options.WorkDir ?? options.BindDir ?? options.InitCommand ?? options.Runtime ?? options.SeccompProfile ?? options.DockerHost);
    }

    [Fact]
    public void Values_that_cannot_be_are_refused_by_their_setters()
    {
        DockerCommandLineCodeExecutorOptions options = new();
        Assert.Throws<ArgumentException>(() => options.Image = "");
        Assert.Throws<ArgumentException>(() => options.Image = "two words");
        Assert.Throws<ArgumentException>(() => options.ContainerName = "-x");
        Assert.Throws<ArgumentException>(() => options.ContainerName = "x");
        Assert.Throws<ArgumentException>(() => options.ContainerName = "a/b");
        Assert.Throws<ArgumentException>(() => options.BindDir = "relative");
        Assert.Throws<ArgumentException>(() => options.SeccompProfile = " ");
        Assert.Throws<ArgumentException>(() => options.SeccompProfile = "a\0b");
        Assert.Throws<ArgumentOutOfRangeException>(() => options.PullPolicy = (PullPolicy)7);
        Assert.Throws<ArgumentNullException>(() => options.Policy = null!);
        Assert.Throws<ArgumentOutOfRangeException>(() => new DeviceRequest { Count = -2 });
    }

    [Fact]
    public void What_does_not_go_together_is_refused_by_the_executor()
    {
        Refuses(new() { BindDir = "/x" }, "BindDir");
        Refuses(new() { StopContainer = false }, "ContainerName");
        Refuses(new() { InitCommand = " " }, "InitCommand");
        Refuses(new() { Runtime = "" }, "Runtime");
        Refuses(new() { Preload = { "" } }, "Preload");
        Refuses(new() { ExtraHosts = { ["x"] = "nowhere" } }, "ExtraHosts");
        Refuses(new() { ExtraHosts = { ["a b"] = "10.0.0.1" } }, "ExtraHosts");
        Refuses(new() { Environment = { ["A=B"] = "x" } }, "A=B");
        Refuses(new() { DeviceRequests = { null! } }, "DeviceRequests");
    }

    [Theory]
    [InlineData("relative/path", "/mnt/x")]
    [InlineData("", "/mnt/x")]
    [InlineData("/x", "mnt")]
    [InlineData("/x", "/mnt/../etc")]
    [InlineData("/x", "/workspace")]
    [InlineData("/x", "/workspace/")]
    [InlineData("/x", "/")]
    [InlineData("/x", "/proc/1")]
    [InlineData("/x", "/run/glovebox")]
    public void A_volume_that_cannot_be_mounted_is_refused(string source, string target) =>
        Refuses(new() { ExtraVolumes = { new VolumeMount(source, target) } }, "ExtraVolumes");

    [Fact]
    public void Two_volumes_at_one_place_are_refused() =>
        Refuses(new() { ExtraVolumes = { new VolumeMount("/a", "/mnt/x"), new VolumeMount("/b", "/mnt/x/") } }, "/mnt/x");

    [Fact]
    public async Task Options_come_from_configuration_and_go_back()
    {
        CodeExecutorFactory factory = new CodeExecutorFactory().Register(DockerCommandLineCodeExecutor.Kind);
        string json = """
            {
              "Kind": "docker",
              "Image": "python:3.11-slim", "ContainerName": "my-executor", "Timeout": "00:02:00", "WorkDir": "/tmp/work", "BindDir": "/host/work",
              "AutoRemove": false, "StopContainer": false, "InitCommand": "true", "DeleteTempFiles": true, "Runtime": "runc",
              "SeccompProfile": "unconfined", "PullPolicy": "Never",
              "DockerHost": "unix:///x.sock", "Preload": ["numpy"], "ExtraHosts": { "a": "10.0.0.5" },
              "ExtraVolumes": [{ "Source": "/host/data", "Target": "/mnt/data", "ReadOnly": true }],
              "DeviceRequests": [{ "Count": -1, "Capabilities": ["gpu"] }],
              "Policy": { "Memory": 536870912, "Network": "None" }
            }
            """;
        using MemoryStream stream = new(System.Text.Encoding.UTF8.GetBytes(json));
        await using ICodeExecutor executor = factory.Create(new ConfigurationBuilder().AddJsonStream(stream).Build());
        DockerCommandLineCodeExecutorOptions options = Assert.IsType<DockerCommandLineCodeExecutor>(executor).Options;
        Assert.Equal(new VolumeMount("/host/data", "/mnt/data", ReadOnly: true), Assert.Single(options.ExtraVolumes));
        Assert.Equal((-1, "gpu"), (options.DeviceRequests[0].Count, options.DeviceRequests[0].Capabilities[0]));
        Assert.Equal(("my-executor", "/host/work", false, false), (options.ContainerName, options.BindDir, options.AutoRemove, options.StopContainer));

        Assert.Equal("unconfined", options.SeccompProfile);

        string written = factory.GetConfigurationJson(executor);
        using MemoryStream again = new(System.Text.Encoding.UTF8.GetBytes(written));
        await using ICodeExecutor second = factory.Create(new ConfigurationBuilder().AddJsonStream(again).Build());
        Assert.Equal(written, factory.GetConfigurationJson(second));
    }

    [Fact]
    public async Task It_is_registered_with_services()
    {
        ServiceCollection collection = new();
        collection.AddCodeExecutorKinds(DockerCommandLineCodeExecutor.Kind, DockerJupyterCodeExecutor.Kind)
            .AddCodeExecutor(s => DockerCommandLineCodeExecutor.Kind.Create(o => o.Image = "some/image", s));
        await using ServiceProvider services = collection.BuildServiceProvider();
        Assert.Equal("some/image", Assert.IsType<DockerCommandLineCodeExecutor>(services.GetRequiredService<ICodeExecutor>()).Options.Image);
        Assert.Equal(["bubblewrap", "interpreter", "local", "local-interpreter", "docker", "docker-jupyter"], services.GetRequiredService<CodeExecutorFactory>().Kinds.Select(k => k.Name));
    }
}
