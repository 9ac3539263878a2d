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
        string Name(int of) => $"{prefix}-{of}";
        await using (CodeSessionPool pool = new(
            () => new DockerCommandLineCodeExecutor(new() { Image = TestImages.Python, ContainerName = Name(Interlocked.Increment(ref number)) })))
        {
            await pool.FillAsync(TestContext.Current.CancellationToken);
            for (int i = 0; i < 2; i++)
            {
                await using CodeSessionLease lease = await pool.RentAsync(TestContext.Current.CancellationToken);
                Assert.Equal("1", await lease.Executor.PrintAsync("bash", "ls | wc -l"));
            }

            // One that ends while it waits is not given out.
            await pool.FillAsync(TestContext.Current.CancellationToken);
            int lost = number;
            await DockerCommand.RunAsync("docker", "rm", "--force", Name(lost));
            await Eventually.HoldsAsync(() => pool.ReadyCount == 0, "the pool knows that the container is gone");
            await using CodeSessionLease next = await pool.AcquireAsync("named", TestContext.Current.CancellationToken);
            Assert.Equal("1", await next.Executor.PrintAsync("bash", "ls | wc -l"));
            Assert.True(number > lost);
        }

        Assert.Equal("", await DockerCommand.RunAsync("docker", "ps", "-aq", "--filter", $"name={prefix}"));
    }
}
