namespace Glovebox.Tests.Common.Contract;

/// <summary>The order of blocks, what persists between them, concurrent executions and clean-up.</summary>
public abstract class OrderConformance(ExecutorKind kind)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Blocks_run_in_order_until_one_fails()
    {
        await using Session session = await Session.StartAsync(kind);
        CodeResult result = await session.RunAsync(
            new("bash", "echo one"), new("python", "print('two')"), new("sh", "echo three; exit 3"), new("bash", "echo never"));
        Assert.Equal("one\ntwo\nthree\n", result.Output);
        Assert.Equal(3, result.ExitCode);
        Assert.Equal([0, 0, 3], result.Blocks.Select(b => b.ExitCode));
        Assert.Equal(["one\n", "two\n", "three\n"], result.Blocks.Select(b => b.StandardOutput));
        Assert.Equal(result.Blocks[0].CodeFile, result.CodeFile);
    }

    [Fact]
    public async Task Updates_come_in_order_and_their_text_is_the_output()
    {
        await using Session session = await Session.StartAsync(kind);
        Running running = session.Begin([new("bash", "echo out; echo err >&2; echo x > made.txt"), new("sh", "echo two; exit 1"), new("sh", "echo never")]);
        CodeResult result = await running.Completion;
        Assert.Equal([0, 0, 0, 1, 1], running.Updates.Where(u => u is not OutputReceivedUpdate).Select(u => u.BlockIndex));
        Assert.Equal(
            [typeof(BlockStartedUpdate), typeof(FileProducedUpdate), typeof(BlockCompletedUpdate), typeof(BlockStartedUpdate), typeof(BlockCompletedUpdate)],
            running.Updates.Where(u => u is not OutputReceivedUpdate).Select(u => u.GetType()));
        foreach (int i in new[] { 0, 1 })
        {
            OutputReceivedUpdate[] printed = [.. running.Updates.OfType<OutputReceivedUpdate>().Where(u => u.BlockIndex == i)];
            Assert.Equal(result.Blocks[i].Output, string.Concat(printed.Select(u => u.Text)));
            Assert.Equal(result.Blocks[i].StandardError, string.Concat(printed.Where(u => u.Stream == OutputStream.StandardError).Select(u => u.Text)));
        }
    }

    [Fact]
    public async Task Files_persist_between_blocks_executions_and_restarts()
    {
        await using Session session = await Session.StartAsync(kind);
        Assert.Equal("1", (await session.RunAsync(new("bash", "printf 1 > file.txt"), new("sh", "cat file.txt"))).Output);
        Assert.Equal("12", (await session.BashAsync("printf 2 >> file.txt; cat file.txt")).Output);
        await session.Executor.RestartAsync(Ct);
        Assert.Equal("123", (await session.BashAsync("printf 3 >> file.txt; cat file.txt")).Output);
        await session.Executor.StopAsync(Ct);
        await session.Executor.StartAsync(Ct);
        Assert.Equal("1234", (await session.BashAsync("printf 4 >> file.txt; cat file.txt")).Output);
    }

    [Fact]
    public async Task A_work_directory_of_the_executors_own_keeps_its_files_until_disposal()
    {
        ICodeExecutor executor = kind.Create(new());
        await using (executor)
        {
            await executor.StartAsync(Ct);
            Assert.Equal(0, (await executor.ExecuteCodeBlocksAsync([new("bash", "echo kept > file.txt")], Ct)).ExitCode);
            await executor.StopAsync(Ct);
            await executor.StartAsync(Ct);
            Assert.Equal("kept\n", await executor.Workspace.ReadAllTextAsync("file.txt", cancellationToken: Ct));
        }
    }

    [Fact]
    public async Task Twenty_concurrent_executions_of_the_same_code_take_turns_on_one_executor()
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = true });

        // A second program that ran at the same time would find the folder.
        CodeBlock block = new("sh", "mkdir turn && echo mine && rmdir turn");
        CodeResult[] results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => session.RunAsync(block)));
        Assert.All(results, r => Assert.Equal((0, "mine\n"), (r.ExitCode, r.Output)));
        Assert.Empty(session.Entries());
    }

    [Fact]
    public async Task Clean_up_deletes_temporary_code_and_nothing_else()
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = true });
        await session.WriteAsync("users.py", "print('old')");
        await session.WriteAsync("tmp_code_of_the_user.py", "x");
        CodeResult result = await session.RunAsync(
            new("python", "# filename: users.py\nprint('new')"),
            new("python", "print('temporary')"),
            new("bash", "# filename: tmp_code_named.sh\necho named"),
            new("bash", "echo made > made.txt; exit 1"));
        Assert.Equal("new\ntemporary\nnamed\n", result.Output);
        await session.Executor.StopAsync(Ct);
        Assert.Equal(["made.txt", "tmp_code_named.sh", "tmp_code_of_the_user.py", "users.py"], session.Entries());
    }

    [Fact]
    public async Task Temporary_code_is_kept_when_asked()
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = false });
        CodeResult result = await session.RunAsync(new("python", "print(1)"), new("bash", "exit 1"));
        Assert.Equal(result.Blocks.Select(b => b.CodeFile!).Order(StringComparer.Ordinal), session.Entries());
    }

    [Fact]
    public async Task Temporary_code_goes_after_a_timeout_and_after_a_cancellation()
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = true });
        Running running = session.Begin("bash", "echo ready; exec sleep 600");
        await running.PrintsAsync("ready");
        session.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True((await running.Completion).Blocks[0].TimedOut);
        Assert.Empty(session.Entries());

        using CancellationTokenSource cancellation = new();
        running = session.BeginCancellable([new("bash", "echo ready; exec sleep 600")], cancellation.Token);
        await running.PrintsAsync("ready");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Completion);
        Assert.Empty(session.Entries());
    }
}
