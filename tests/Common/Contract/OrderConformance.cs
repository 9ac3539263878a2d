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
        Assert.Equal("1", (await session.RunAsync(new("bash", "printf 1 > file.txt"), new("python", "print(open('file.txt').read(), end='')"))).Output);
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
    public async Task Each_block_is_a_process_of_its_own_in_the_work_directory()
    {
        await using Session session = await Session.StartAsync(kind);
        CodeResult result = await session.RunAsync(
            new("python", "import os; print(os.getcwd()); os.environ['X'] = x = '1'; os.chdir('/'); os.umask(0o777)"),
            new("python", "# filename: sub/x.py\nimport os; print(os.getcwd()); print('X' in os.environ, 'x' in globals())"),
            new("bash", "pwd; echo ${X-none}"));
        string[] lines = result.Output.Split('\n');
        Assert.Equal([lines[0], lines[0], "False False", lines[0], "none", ""], lines);
    }

    [Fact]
    public async Task Twenty_concurrent_executions_of_the_same_code_take_turns_on_one_executor()
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = true });

        // A second program that ran at the same time would find the folder.
        CodeBlock block = new("python", "import os; os.mkdir('turn'); print('mine'); os.rmdir('turn')");
        CodeResult[] results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => session.RunAsync(block)));
        Assert.All(results, r => Assert.Equal((0, "mine\n"), (r.ExitCode, r.Output)));
        Assert.Empty(session.Folder.Entries());
    }

    [Fact]
    public async Task Twenty_executors_in_one_work_directory_run_the_same_code_at_the_same_time()
    {
        using TestFolder folder = new();
        ICodeExecutor[] executors = [.. Enumerable.Range(0, 20).Select(_ => kind.Create(new() { WorkDir = folder.Path, DeleteTempFiles = true }))];
        try
        {
            await Task.WhenAll(executors.Select(e => e.StartAsync(Ct)));

            // Each opens its own code file again, late: nobody else may have deleted it. All wait for each other, so all are there.
            CodeBlock block = new("sh", "touch here-$(basename \"$0\"); until [ \"$(ls here-* | wc -l)\" = 20 ]; do sleep 0.02; done; wc -c < \"$0\"");
            CodeResult[] results = await Task.WhenAll(executors.Select(e => e.ExecuteCodeBlocksAsync([block], Ct)));
            Assert.All(results, r => Assert.Equal((0, $"{block.Code.Length}"), (r.ExitCode, r.Output.Trim())));
            Assert.Equal(20, results.Select(r => r.CodeFile).Distinct().Count());
            Assert.All(folder.Entries(), name => Assert.StartsWith("here-", name, StringComparison.Ordinal));
        }
        finally
        {
            await Task.WhenAll(executors.Select(e => e.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task Clean_up_deletes_temporary_code_and_nothing_else()
    {
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["users.py"], "print('old')", Ct);
        await File.WriteAllTextAsync(folder["tmp_code_of_the_user.py"], "x", Ct);
        Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = true, WorkDir = folder.Path });
        await using (session)
        {
            CodeResult result = await session.RunAsync(
                new("python", "# filename: users.py\nprint('new')"),
                new("python", "print('temporary')"),
                new("bash", "# filename: tmp_code_named.sh\necho named"),
                new("bash", "echo made > made.txt; exit 1"));
            Assert.Equal("new\ntemporary\nnamed\n", result.Output);
        }

        Assert.Equal(["made.txt", "tmp_code_named.sh", "tmp_code_of_the_user.py", "users.py"], folder.Entries());
    }

    [Fact]
    public async Task Temporary_code_is_kept_when_asked()
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = false });
        CodeResult result = await session.RunAsync(new("python", "print(1)"), new("bash", "exit 1"));
        Assert.Equal(result.Blocks.Select(b => b.CodeFile!).Order(StringComparer.Ordinal), session.Folder.Entries());
    }

    [Fact]
    public async Task Temporary_code_that_a_program_replaced_is_not_followed()
    {
        using TestFolder outside = new();
        await File.WriteAllTextAsync(outside["victim"], "untouched", Ct);
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = true });
        Assert.Equal(0, (await session.BashAsync($"ln -sf '{outside["victim"]}' \"$0\"")).ExitCode);
        Assert.Equal(0, (await session.BashAsync("rm \"$0\"; mkdir \"$0\"; touch \"$0/kept\"")).ExitCode);
        Assert.Equal(0, (await session.BashAsync("rm \"$0\"")).ExitCode);
        Assert.Equal(["victim"], outside.Entries());
        Assert.Single(session.Folder.Entries(), name => name.EndsWith("/kept", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Temporary_code_goes_after_a_timeout_and_after_a_cancellation()
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = true });
        Running running = session.Begin("bash", "echo ready; exec sleep 600");
        await running.PrintsAsync("ready");
        session.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True((await running.Completion).Blocks[0].TimedOut);
        Assert.Empty(session.Folder.Entries());

        using CancellationTokenSource cancellation = new();
        running = session.BeginCancellable([new("bash", "echo ready; exec sleep 600")], cancellation.Token);
        await running.PrintsAsync("ready");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Completion);
        Assert.Empty(session.Folder.Entries());
    }
}
