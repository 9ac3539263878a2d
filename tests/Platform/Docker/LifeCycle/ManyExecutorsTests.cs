using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.LifeCycle;

/// <summary>What keeps the whole machine busy runs alone: others have limits of time.</summary>
[CollectionDefinition("Many executors", DisableParallelization = true)]
public sealed class ManyExecutorsCollection;

[Collection("Many executors")]
public sealed class ManyExecutorsTests
{
    [Fact]
    public async Task Twenty_at_once_run_thirty_blocks_each_and_none_is_left_behind()
    {
        string prefix = TestContainers.NewName();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async number =>
        {
            await using DockerCommandLineCodeExecutor executor = await TestContainers.StartAsync(
                new() { Image = TestImages.Python, ContainerName = $"{prefix}-{number}", DeleteTempFiles = true });
            for (int i = 0; i < 30; i++)
            {
                string language = i % 4 == 0 ? "bash" : "python";
                string expected = $"{number} {i}";
                Assert.Equal(expected, await executor.PrintAsync(language, language == "bash" ? $"echo {expected}" : $"print({number}, {i})"));
            }
        }));
        Assert.Equal("", await DockerCommand.RunAsync("docker", "ps", "-aq", "--filter", $"name={prefix}"));
    }

    [Fact]
    public async Task A_pool_hands_out_containers_that_are_started_and_leaves_none_behind()
    {
        string prefix = TestContainers.NewName();
        int number = 0;
        await using (CodeExecutorPool pool = new(
            () => new DockerCommandLineCodeExecutor(new() { Image = TestImages.Python, ContainerName = $"{prefix}-{Interlocked.Increment(ref number)}" }), new() { Size = 1 }))
        {
            await pool.FillAsync(TestContext.Current.CancellationToken);
            for (int i = 0; i < 2; i++)
            {
                await using ICodeExecutor executor = await pool.TakeAsync(TestContext.Current.CancellationToken);
                Assert.Equal("1", await executor.PrintAsync("bash", "ls | wc -l"));
            }
        }

        Assert.Equal("", await DockerCommand.RunAsync("docker", "ps", "-aq", "--filter", $"name={prefix}"));
    }
}
