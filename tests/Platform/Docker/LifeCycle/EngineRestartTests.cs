using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.LifeCycle;

public sealed class EngineRestartTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_the_engine_dies_every_call_ends_in_a_typed_error_disposal_does_not_hang_and_the_next_start_works()
    {
        await using SeparateEngine engine = await SeparateEngine.StartAsync(TestImages.Python);
        await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(new() { Image = TestImages.Python, DockerHost = engine.Address });
        DockerCommandLineCodeExecutor idle = await TestContainers.StartAsync(new() { Image = TestImages.Python, DockerHost = engine.Address });
        Running running = new(executor.ExecuteCodeBlocksStreamingAsync([new("bash", "echo ready; sleep 600")], Ct));
        await running.PrintsAsync("ready");
        Task<CodeResult> waiting = executor.RunAsync("bash", "echo never");

        await engine.KillAsync();
        SandboxLostException lost = await Assert.ThrowsAsync<SandboxLostException>(() => running.Completion).WaitAsync(Long, Ct);
        Assert.Contains("docker info", lost.Hint, StringComparison.Ordinal);
        Assert.Equal("docker-unavailable", (await Assert.ThrowsAsync<SandboxUnavailableException>(() => waiting).WaitAsync(Long, Ct)).Code);
        Assert.Equal(
            "docker-unavailable", (await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.RunAsync("bash", "echo no")).WaitAsync(Long, Ct)).Code);

        await idle.DisposeAsync().AsTask().WaitAsync(Long, Ct);

        await engine.StartAsync();
        Assert.Equal("on", await executor.PrintAsync("python", "print('on')"));
    }
}
