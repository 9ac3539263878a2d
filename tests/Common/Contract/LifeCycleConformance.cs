namespace Glovebox.Tests.Common.Contract;

/// <summary>Cancellation, start, stop and disposal.</summary>
public abstract class LifeCycleConformance(ExecutorKind kind)
{
    private static readonly CodeBlock Echo = new("bash", "echo on");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("dispose")]
    [InlineData("stop")]
    [InlineData("restart")]
    public async Task Ending_the_executor_during_a_run_tells_its_caller_and_those_who_wait(string how)
    {
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin("bash", "echo ready; exec sleep 600");
        await running.PrintsAsync("ready");
        Running waiting = session.Begin([Echo]);
        await (how switch
        {
            "dispose" => session.Executor.DisposeAsync().AsTask(),
            "stop" => session.Executor.StopAsync(Ct),
            _ => session.Executor.RestartAsync(Ct),
        });
        Assert.Equal("executor-stopped", (await Assert.ThrowsAsync<ExecutorStoppedException>(() => running.Completion)).Code);
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => waiting.Completion);
        if (how == "restart")
        {
            Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
        }
    }

    [Fact]
    public async Task A_start_with_a_token_that_is_cancelled_already_starts_nothing_and_can_be_repeated()
    {
        using TestFolder folder = new();
        await using ICodeExecutor executor = kind.Create(new() { WorkDir = folder["work"] });
        CancellationToken cancelled = new(canceled: true);
        Assert.Equal(cancelled, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => executor.StartAsync(cancelled))).CancellationToken);
        Assert.Empty(folder.Entries());
        Assert.Equal(
            cancelled,
            (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => executor.ExecuteCodeBlocksAsync([Echo], cancelled))).CancellationToken);
        Assert.Empty(folder.Entries());
        await executor.StartAsync(Ct);
        Assert.Equal("on\n", (await executor.ExecuteCodeBlocksAsync([Echo], Ct)).Output);
    }

    [Theory]
    [InlineData("blocks")]
    [InlineData("files")]
    [InlineData("several at once")]
    public async Task An_executor_starts_on_first_use(string use)
    {
        using TestFolder folder = new();
        folder.GiveAway();
        await using ICodeExecutor executor = kind.Create(new() { WorkDir = folder.Path });
        switch (use)
        {
            case "blocks":
                Assert.Equal("on\n", (await executor.ExecuteCodeBlocksAsync([Echo], Ct)).Output);
                break;
            case "files":
                await executor.Workspace.WriteAllTextAsync("a.txt", "on\n", Ct);
                Assert.Equal("on\n", (await executor.ExecuteCodeBlocksAsync([new("bash", "cat a.txt")], Ct)).Output);
                break;
            default:
                CodeResult[] results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => executor.ExecuteCodeBlocksAsync([Echo], Ct)));
                Assert.All(results, result => Assert.Equal("on\n", result.Output));
                break;
        }

        Assert.NotNull(executor.GetService<SandboxCapabilities>());
    }

    [Fact]
    public async Task Starts_stops_and_executions_at_the_same_time_leave_an_executor_that_works()
    {
        await using Session session = await Session.StartAsync(kind);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (int i = 0; i < 8; i++)
            {
                switch ((worker + i) % 4)
                {
                    case 0:
                        await session.Executor.StartAsync(Ct);
                        break;
                    case 1:
                        await session.Executor.StopAsync(Ct);
                        break;
                    case 2:
                        await session.Executor.RestartAsync(Ct);
                        break;
                }

                try
                {
                    Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
                }
                catch (Exception e) when (e is InvalidOperationException or ExecutorStoppedException)
                {
                    // Another has stopped it, before this call or during it.
                }
            }
        })));
        await session.Executor.StartAsync(Ct);
        Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
    }

    [Fact]
    public async Task Use_after_the_stop_is_an_error_at_the_call()
    {
        using TestFolder folder = new();
        ICodeExecutor executor = kind.Create(new() { WorkDir = folder.Path });
        await using (executor)
        {
            await executor.StopAsync(Ct);
            Assert.Equal("on\n", (await executor.ExecuteCodeBlocksAsync([Echo], Ct)).Output);
            await executor.StopAsync(Ct);
            await executor.StopAsync(Ct);
            await RefusesAsync<InvalidOperationException>(executor);
            await executor.StartAsync(Ct);
            Assert.Equal("on\n", (await executor.ExecuteCodeBlocksAsync([Echo], Ct)).Output);
        }

        await executor.DisposeAsync();
        await RefusesAsync<ObjectDisposedException>(executor);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => executor.StartAsync(Ct));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => executor.RestartAsync(Ct));
        Assert.True(Directory.Exists(folder.Path));

        static async Task RefusesAsync<T>(ICodeExecutor executor)
            where T : Exception
        {
            Assert.Throws<T>(() => { _ = executor.ExecuteCodeBlocksStreamingAsync([Echo], Ct); });
            await Assert.ThrowsAsync<T>(() => executor.Workspace.ListAsync(Ct));
            await Assert.ThrowsAsync<T>(() => executor.Workspace.OpenReadAsync("x", Ct));
            await Assert.ThrowsAsync<T>(() => executor.Workspace.WriteAsync("x", Stream.Null, Ct));
            await Assert.ThrowsAsync<T>(() => executor.Workspace.DeleteAsync("x", Ct));
        }
    }
}
