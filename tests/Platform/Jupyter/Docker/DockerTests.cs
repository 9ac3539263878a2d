using System.Diagnostics;
using System.Text.Json;
using Glovebox.Sandboxes;
using Glovebox.Tests.Platform.Jupyter.Support;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Tests.Platform.Jupyter.Docker;

/// <summary>What is particular to a server that Glovebox starts in a container.</summary>
public sealed class DockerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_port_is_published_and_there_is_no_network()
    {
        string name = $"glovebox-test-{Guid.NewGuid():n}";
        await using DockerJupyterCodeExecutor executor = await StartAsync(o =>
        {
            o.ContainerName = name;
            o.Policy = new() { Network = NetworkAccess.None };
        });
        Assert.Equal("1\n", (await executor.PythonAsync("print(1)")).Output);

        using JsonDocument document = JsonDocument.Parse(Run("docker", "inspect", name));
        JsonElement container = document.RootElement[0];
        Assert.Empty(container.GetProperty("NetworkSettings").GetProperty("Ports").EnumerateObject());
        JsonElement host = container.GetProperty("HostConfig");
        Assert.True(host.GetProperty("PortBindings").ValueKind == JsonValueKind.Null || !host.GetProperty("PortBindings").EnumerateObject().Any());
        Assert.False(host.GetProperty("PublishAllPorts").GetBoolean());
        Assert.Equal("none", host.GetProperty("NetworkMode").GetString());
    }

    [Fact]
    public async Task A_shell_block_whose_time_runs_out_leaves_the_kernel_its_state()
    {
        await using DockerJupyterCodeExecutor executor = await StartAsync(o => o.Timeout = TimeSpan.FromSeconds(2));
        await executor.PythonAsync("kept = 1");
        CodeResult result = await executor.RunAsync(
            new CodeBlock("bash", "(setsid bash -c 'while :; do echo x >>beat; sleep 0.01; done' &); while [ ! -s beat ]; do :; done; echo up; sleep 100"));
        Assert.True(result.Blocks[0].TimedOut);
        Assert.StartsWith("up\n", result.Output, StringComparison.Ordinal);
        Assert.Equal("1\n0\n", (await executor.PythonAsync("print(kept)\nimport os, time\na = os.path.getsize('beat'); time.sleep(0.1); print(os.path.getsize('beat') - a)")).Output);
    }

    [Fact]
    public async Task Memory_that_is_used_up_is_a_result_that_says_so()
    {
        await using DockerJupyterCodeExecutor executor = await StartAsync(o => o.Policy = new() { Memory = 512L << 20 });
        BlockResult block = (await executor.PythonAsync("kept = []\nwhile True: kept.append(bytearray(50_000_000))")).Blocks[0];
        Assert.Equal(137, block.ExitCode);
        Assert.Equal(TerminationReason.OutOfMemory, block.Termination);
        Assert.True(block.StateLost);
        Assert.EndsWith("ok\n", (await executor.PythonAsync("print('ok')")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("glovebox-test-python", "jupyter-missing", "pip install jupyter-server ipykernel")]
    [InlineData("glovebox-test-shell", "jupyter-needs-python", "name an image that has it")]
    public async Task An_image_without_Jupyter_is_an_error_that_says_what_to_install(string image, string code, string hint)
    {
        await using DockerJupyterCodeExecutor executor = new(new() { Image = image, PullPolicy = PullPolicy.Never });
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Cancellation));
        Assert.Equal(code, e.Code);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_that_is_ended_from_outside_is_made_anew_and_the_next_block_says_so()
    {
        string name = $"glovebox-test-{Guid.NewGuid():n}";
        await using DockerJupyterCodeExecutor executor = await StartAsync(o => o.ContainerName = name);
        await executor.PythonAsync("lost = 1");
        Run("docker", "kill", name);
        ISandbox sandbox = executor.GetService<ISandbox>()!;
        await Eventually.HoldsAsync(() => sandbox.Ended.IsCompleted, "the container is gone");
        Assert.Equal(
            "The kernel is a new one: what earlier blocks defined and imported is gone.\nFalse\n", (await executor.PythonAsync("print('lost' in globals())")).Output);
    }

    [Fact]
    public async Task Configuration_makes_an_executor_and_is_written_back()
    {
        Dictionary<string, string?> settings = new()
        {
            ["Kind"] = "docker-jupyter",
            ["Image"] = "some/image:1",
            ["KernelName"] = "ir",
            ["OutputDir"] = "/tmp/plots",
            ["MaxDisplays"] = "7",
            ["MaxDisplayBytes"] = "1000",
            ["Policy:Memory"] = "1073741824",
            ["ContainerName"] = "mine",
        };
        CodeExecutorFactory factory = new CodeExecutorFactory().Register(DockerJupyterCodeExecutor.Kind);
        await using ICodeExecutor executor = factory.Create(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        Assert.IsType<DockerJupyterCodeExecutor>(executor);
        IReadOnlyDictionary<string, string?> written = factory.GetConfiguration(executor);
        foreach ((string key, string? value) in settings)
        {
            Assert.Equal(value, written[key]);
        }
    }

    [Fact]
    public async Task A_diagnosis_tells_what_is_enforced_and_of_an_image_without_Jupyter_what_is_missing()
    {
        ExecutorDiagnosis works = await DockerJupyterCodeExecutor.DiagnoseAsync(DockerHost.Image, Cancellation);
        Assert.True(works.IsAvailable, works.Reason);
        Assert.True(works.Capabilities!.IsIsolated);
        ExecutorDiagnosis lacks = await DockerJupyterCodeExecutor.DiagnoseAsync("glovebox-test-python", Cancellation);
        Assert.False(lacks.IsAvailable);
        Assert.Contains("no Jupyter server", lacks.Reason, StringComparison.Ordinal);
    }

    private static async Task<DockerJupyterCodeExecutor> StartAsync(Action<DockerJupyterCodeExecutorOptions> configure)
    {
        DockerJupyterCodeExecutorOptions options = new() { Image = DockerHost.Image, PullPolicy = PullPolicy.Never };
        configure(options);
        DockerJupyterCodeExecutor executor = new(options);
        await executor.StartAsync(Cancellation);
        return executor;
    }

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
