using Glovebox.Interpreters;

namespace Glovebox.Tests.Common.Contract.Interpreters;

/// <summary>What an executor has to say about its contexts.</summary>
public abstract class ContextConformance(InterpreterFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private InterpreterCodeExecutor Executor => fixture.Executor;

    [Fact]
    public async Task Blocks_without_a_name_share_a_context_for_each_language()
    {
        CodeResult result = await Executor.ExecuteCodeBlocksAsync(
            [
                new CodeBlock("python", "shared = 1"), new CodeBlock("bash", "shared=2"), new CodeBlock("py", "print(shared)"),
                new CodeBlock("sh", "echo $shared"),
            ],
            Cancellation);
        Assert.Equal("1\n2\n", result.Output);
        Assert.Equal(["bash", "python"], Executor.Contexts.Select(c => c.Name).Where(n => !n.StartsWith("context-", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task A_context_has_a_directory_and_variables_of_its_own()
    {
        await Executor.Workspace.WriteAllBytesAsync("sub/file.txt", "x"u8.ToArray(), Cancellation);
        CodeContext context = await Executor.CreateContextAsync(
            new() { Directory = "sub", Environment = new Dictionary<string, string> { ["OWN"] = "v" } }, Cancellation);
        TestContextOfCode python = new(Executor, context);
        Assert.Equal("['file.txt'] v\n", await python.PrintsAsync("import os\nprint(os.listdir(), os.environ['OWN'])"));
        await context.RestartAsync(Cancellation);
        Assert.Equal("v True\n", await python.PrintsAsync("import os\nprint(os.environ['OWN'], os.path.exists('file.txt'))"));
        await context.CloseAsync(Cancellation);
    }

    [Fact]
    public async Task Blocks_of_different_contexts_run_at_the_same_time()
    {
        TestContextOfCode one = await TestContextOfCode.MakeAsync(Executor), two = await TestContextOfCode.MakeAsync(Executor);
        const string Meet = "import os, time\nopen({0!r}, 'w').close()\nwhile not os.path.exists({1!r}): time.sleep(0.01)";
        Task<BlockResult> first = one.RunAsync(Meet.Replace("{0!r}", "'meet-1'", StringComparison.Ordinal).Replace("{1!r}", "'meet-2'", StringComparison.Ordinal));
        Task<BlockResult> second = two.RunAsync(Meet.Replace("{0!r}", "'meet-2'", StringComparison.Ordinal).Replace("{1!r}", "'meet-1'", StringComparison.Ordinal));
        Assert.All(await Task.WhenAll(first, second), r => Assert.Equal(0, r.ExitCode));
        await one.Context.CloseAsync(Cancellation);
        await two.Context.CloseAsync(Cancellation);
    }

    [Fact]
    public async Task Blocks_of_one_context_wait_for_each_other()
    {
        TestContextOfCode python = await TestContextOfCode.MakeAsync(Executor);
        await python.PrintsAsync("import time\nlog = []");
        Task<BlockResult>[] blocks = [.. Enumerable.Range(0, 5).Select(i => python.RunAsync($"log.append('begin')\ntime.sleep(0.02)\nlog.append('end')"))];
        await Task.WhenAll(blocks);
        Assert.Equal(
            string.Concat(Enumerable.Repeat("begin end ", 5)).Trim() + "\n", await python.PrintsAsync("print(*log)"));
        await python.Context.CloseAsync(Cancellation);
    }

    [Fact]
    public async Task Fifty_contexts_live_in_one_sandbox()
    {
        InterpreterCodeExecutor executor = fixture.Create();
        await using (executor)
        {
            TestContextOfCode[] all = new TestContextOfCode[50];
            for (int i = 0; i < all.Length; i++)
            {
                all[i] = await TestContextOfCode.MakeAsync(executor);
                await all[i].PrintsAsync($"x = {i}");
            }

            Assert.Equal(
                Enumerable.Range(0, all.Length).Select(i => $"{i}\n"), await Task.WhenAll(all.Select(c => c.PrintsAsync("print(x)"))));
        }
    }

    [Fact]
    public async Task A_block_is_refused_for_a_context_that_is_closed_unknown_or_of_another_language()
    {
        TestContextOfCode python = await TestContextOfCode.MakeAsync(Executor);
        await python.Context.CloseAsync(Cancellation);
        Assert.True(python.Context.IsClosed);
        Assert.Equal("unknown-context", (await Assert.ThrowsAsync<CodeExecutionException>(() => python.RunAsync("1"))).Code);
        await Assert.ThrowsAsync<CodeExecutionException>(() => python.Context.RestartAsync(Cancellation));
        await Assert.ThrowsAsync<CodeExecutionException>(() => python.Context.ListProcessesAsync(Cancellation));
        await python.Context.CloseAsync(Cancellation);

        CodeResult result = await Executor.ExecuteCodeBlocksAsync(
            [new CodeBlock("bash", "echo no")], new CodeExecutionOptions { Context = "python" }, Cancellation);
        Assert.Equal((1, TerminationReason.NotStarted), (result.ExitCode, result.Blocks[0].Termination));
        Assert.Contains("runs python blocks", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_context_cannot_be_made_of_is_refused_and_leaves_none()
    {
        int before = Executor.Contexts.Count;
        Assert.Equal(
            "context-not-made",
            (await Assert.ThrowsAsync<CodeExecutionException>(
                () => Executor.CreateContextAsync(new() { Directory = "missing", Language = "bash" }, Cancellation))).Code);
        await Assert.ThrowsAsync<ArgumentException>(() => Executor.CreateContextAsync(new() { Language = "csharp" }, Cancellation));
        CodeContext taken = await Executor.CreateContextAsync(new() { Name = "taken" }, Cancellation);
        Assert.Equal(
            "context-exists",
            (await Assert.ThrowsAsync<CodeExecutionException>(() => Executor.CreateContextAsync(new() { Name = "taken" }, Cancellation))).Code);
        await taken.CloseAsync(Cancellation);
        Assert.Throws<ArgumentException>(() => new CodeContextOptions { Name = "a/b" });
        Assert.Throws<ArgumentException>(() => new CodeContextOptions { Directory = "a\0b" });
        Assert.Throws<ArgumentException>(() => new CodeContextOptions { Environment = new Dictionary<string, string> { ["a=b"] = "c" } });
        Assert.Equal(before, Executor.Contexts.Count);
    }

    [Fact]
    public async Task More_contexts_than_there_may_be_are_refused()
    {
        InterpreterCodeExecutor executor = fixture.Create(o => o.MaxContexts = 1);
        await using (executor)
        {
            await executor.CreateContextAsync(cancellationToken: Cancellation);
            Assert.Equal(
                "too-many-contexts",
                (await Assert.ThrowsAsync<CodeExecutionException>(() => executor.CreateContextAsync(cancellationToken: Cancellation))).Code);
        }
    }

    [Fact]
    public async Task Closing_a_context_ends_the_block_that_runs_in_it_and_what_it_started()
    {
        TestContextOfCode shell = await TestContextOfCode.MakeAsync(Executor, "bash");
        Running running = shell.Start("sleep 603 & echo began; sleep 604");
        await running.PrintsAsync("began");
        await shell.Context.CloseAsync(Cancellation);
        BlockResult result = (await running.Completion).Blocks[0];
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("0\n", (await Executor.ExecuteCodeBlocksAsync(
            [new CodeBlock("bash", "cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\\0' ' ' | grep -c 'sleep 60[34]'; true")], Cancellation)).Output);
    }

    [Fact]
    public async Task A_cancelled_block_is_ended_and_the_context_goes_on()
    {
        TestContextOfCode python = await TestContextOfCode.MakeAsync(Executor);
        await python.PrintsAsync("kept = 1");
        using CancellationTokenSource cancel = new();
        Task<CodeResult> running = Executor.ExecuteCodeBlocksAsync(
            [new CodeBlock("python", "import time\nopen('began', 'w').close()\ntime.sleep(600)")],
            new CodeExecutionOptions { Context = python.Context.Name },
            cancel.Token);
        await Eventually.HoldsAsync(
            async () => (await Executor.Workspace.ListAsync(Cancellation)).Files.Any(f => f.Path == "began"), "The block has begun");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal("1\n", await python.PrintsAsync("print(kept)"));
        await python.Context.CloseAsync(Cancellation);
    }

    [Fact]
    public async Task A_restart_of_the_executor_gives_up_all_contexts()
    {
        InterpreterCodeExecutor executor = fixture.Create();
        await using (executor)
        {
            TestContextOfCode python = await TestContextOfCode.MakeAsync(executor);
            await python.PrintsAsync("x = 1");
            await executor.RestartAsync(Cancellation);
            Assert.Empty(executor.Contexts);
            Assert.True(python.Context.IsClosed);
            CodeResult result = await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "'x' in globals()")], Cancellation);
            Assert.Equal("False\n", result.Output);
        }
    }

    [Fact]
    public async Task A_named_file_is_saved_and_reported()
    {
        TestContextOfCode python = await TestContextOfCode.MakeAsync(Executor);
        BlockResult result = await python.RunAsync("# filename: saved.py\nopen('out.txt', 'w').write('x');");
        Assert.Equal("saved.py", result.CodeFile);
        Assert.Equal(["out.txt"], result.OutputFiles.Select(f => f.Path));
        Assert.Equal(1, (await python.RunAsync("# filename: ../outside.py\nx = 1")).ExitCode);
        await python.Context.CloseAsync(Cancellation);
    }
}
