using Glovebox.Interpreters;

namespace Glovebox.Tests.Common.Contract.Interpreters;

/// <summary>What a shell context is, wherever it lives.</summary>
public abstract class ShellContextConformance(InterpreterFixture fixture) : IAsyncLifetime
{
    private TestContextOfCode Shell { get; set; } = null!;

    public async ValueTask InitializeAsync() => Shell = await TestContextOfCode.MakeAsync(fixture.Executor, "bash");

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Shell.Context.CloseAsync();
    }

    [Fact]
    public async Task Directory_variables_functions_options_and_arguments_stay()
    {
        await Shell.PrintsAsync("cd /usr\nname='a b'\nlist=(1 2 'x y')\nexport LOUD=yes\ngreet() { echo \"hi $name\"; }\nset -o pipefail\nset -- p 'q r'");
        Assert.Equal(
            "/usr\nhi a b\nx y\nyes\npipefail       \ton\nq r\n",
            await Shell.PrintsAsync("pwd\ngreet\necho \"${list[2]}\"\nbash -c 'echo $LOUD'\nset -o | grep pipefail\necho \"$2\""));
    }

    [Theory]
    [InlineData("exit 3", 3)]
    [InlineData("exit", 0)]
    [InlineData("set -e; false; echo not reached", 1)]
    [InlineData("set -u; echo $missing; echo not reached", 1)]
    public async Task Exit_ends_the_block_and_the_context_goes_on_with_its_last_state(string exit, int code)
    {
        await Shell.PrintsAsync("a=1");
        BlockResult result = await Shell.RunAsync($"b=2\nf() {{ echo f; }}\ncd /\n{exit}\necho no");
        Assert.Equal((code, TerminationReason.Exited, 0), (result.ExitCode, result.Termination, result.UndoneBlocks));
        Assert.Equal("", result.StandardOutput);
        Assert.Equal("1 2 / f\n", await Shell.PrintsAsync("set +eu\necho $a $b $PWD $(f)"));
    }

    [Fact]
    public async Task A_block_that_fails_fails_and_the_next_one_runs()
    {
        BlockResult result = await Shell.RunAsync("echo one\n\nmissing-program\nfalse");
        Assert.Equal((1, "one\n"), (result.ExitCode, result.StandardOutput));
        Assert.Equal("block 1: line 3: missing-program: command not found\n", result.StandardError);
        Assert.NotEqual(0, (await Shell.RunAsync("if then")).ExitCode);
        Assert.NotEqual(0, (await Shell.RunAsync("echo 'never closed")).ExitCode);
        Assert.Equal("next\n", await Shell.PrintsAsync("echo next"));
    }

    [Theory]
    [InlineData("break\necho after", "after\n")]
    [InlineData("cat\necho after", "after\n")]
    [InlineData("read x || echo none", "none\n")]
    [InlineData("(exit 3) || echo $?", "3\n")]
    [InlineData("for i in 1 2 3; do break 5; done; echo $i", "1\n")]
    [InlineData("set -x\nset +x", "")]
    public async Task What_a_script_may_do_does_not_reach_the_loop_around_it(string code, string output)
    {
        BlockResult result = await Shell.RunAsync(code);
        Assert.Equal((0, output), (result.ExitCode, result.StandardOutput));
        Assert.Equal("fine\n", await Shell.PrintsAsync("echo fine"));
    }

    [Fact]
    public async Task A_background_job_lives_on_and_is_listed()
    {
        BlockResult result = await Shell.RunAsync("sleep 600 &");
        Assert.Equal(["background jobs"], result.NotInCheckpoint);
        await Eventually.HoldsAsync(
            async () => (await Shell.Context.ListProcessesAsync()) is [{ Command: "sleep 600" }], "The job is listed under its name");
        Assert.Contains("Running", await Shell.PrintsAsync("jobs"), StringComparison.Ordinal);
        await Shell.PrintsAsync("kill %1; wait %1 || true");
        Assert.Empty(await Shell.Context.ListProcessesAsync());
    }

    [Fact]
    public async Task An_interrupt_ends_the_block_and_keeps_what_it_defined()
    {
        Running running = Shell.Start("kept=5\necho began\nsleep 600\necho not reached");
        await running.PrintsAsync("began");
        Assert.True(await Shell.Context.InterruptAsync());
        BlockResult result = (await running.Completion).Blocks[0];
        Assert.Equal((130, 0), (result.ExitCode, result.UndoneBlocks));
        Assert.Equal("5\n", await Shell.PrintsAsync("echo $kept"));
    }

    /// <summary>An interrupt is sent again, for commands that were about to start, and must not hit the shell meanwhile.</summary>
    [Fact]
    public async Task An_interrupt_keeps_also_what_takes_long_to_write_down()
    {
        await Shell.PrintsAsync("kept=5; many=({1..300000})");
        Running running = Shell.Start("kept=6\necho began\nsleep 600");
        await running.PrintsAsync("began");
        Assert.True(await Shell.Context.InterruptAsync());
        BlockResult result = (await running.Completion).Blocks[0];
        Assert.Equal((130, 0), (result.ExitCode, result.UndoneBlocks));
        Assert.Equal("6 300000\n", await Shell.PrintsAsync("echo $kept ${#many[@]}"));
    }

    [Theory]
    [InlineData("kill -9 $$")]
    [InlineData("exec false")]
    [InlineData("exec 201>&-; kill -9 $BASHPID")]
    public async Task A_block_that_ends_its_shell_is_undone(string code)
    {
        await Shell.PrintsAsync("kept=7");
        BlockResult result = await Shell.RunAsync($"kept=8\n{code}");
        Assert.Equal((1, false), (result.UndoneBlocks, result.StateLost));
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("7\n", await Shell.PrintsAsync("echo $kept"));
    }

    [Fact]
    public async Task Blocks_can_be_rolled_back_and_a_branch_goes_its_own_way()
    {
        await Shell.PrintsAsync("v=1");
        await Shell.PrintsAsync("v=2");
        await Shell.Context.RollBackAsync(1, TestContext.Current.CancellationToken);
        Assert.Equal("1\n", await Shell.PrintsAsync("echo $v"));
        TestContextOfCode branch = Shell.Of(await Shell.Context.BranchAsync(cancellationToken: TestContext.Current.CancellationToken));
        await branch.PrintsAsync("v=branch");
        Assert.Equal("1\n", await Shell.PrintsAsync("echo $v"));
        Assert.Equal("branch\n", await branch.PrintsAsync("echo $v"));
        await branch.Context.CloseAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_shell_that_overwrites_no_files_is_undone_like_others()
    {
        await Shell.PrintsAsync("set -o noclobber; a=1");
        await Shell.PrintsAsync("a=2");
        Assert.Equal(1, (await Shell.RunAsync("a=3; kill -9 $$")).UndoneBlocks);
        Assert.Equal("2\n", await Shell.PrintsAsync("echo $a"));
    }

    [Fact]
    public async Task Blocks_right_after_one_another_are_undone_one_by_one()
    {
        CodeResult result = await fixture.Executor.ExecuteCodeBlocksAsync(
            [.. Enumerable.Range(1, 6).Select(n => new CodeBlock("bash", n < 6 ? $"a={n}" : "a=6; kill -9 $$"))],
            new CodeExecutionOptions { Context = Shell.Context.Name }, TestContext.Current.CancellationToken);
        Assert.Equal(1, result.Blocks[^1].UndoneBlocks);
        Assert.Equal("5\n", await Shell.PrintsAsync("echo $a"));
        await Shell.Context.RollBackAsync(2, TestContext.Current.CancellationToken);
        Assert.Equal("4\n", await Shell.PrintsAsync("echo $a"));
    }

    [Fact]
    public async Task Without_checkpoints_a_branch_has_the_state_nevertheless()
    {
        InterpreterCodeExecutor executor = fixture.Create(o => o.Checkpoints = 0);
        await using (executor)
        {
            TestContextOfCode shell = await TestContextOfCode.MakeAsync(executor, "bash");
            await shell.PrintsAsync("a=1");
            CodeContext branch = await shell.Context.BranchAsync("branch", TestContext.Current.CancellationToken);
            Assert.Equal("1\n", await shell.Of(branch).PrintsAsync("echo $a"));
        }
    }

    [Fact]
    public async Task A_large_block_and_a_large_state_work()
    {
        string text = new('x', 300_000);
        Assert.Equal("300000\n", await Shell.PrintsAsync($"t='{text}'\necho ${{#t}}"));
        await Shell.RunAsync("exit 1");
        Assert.Equal("300000\n", await Shell.PrintsAsync("echo ${#t}"));
    }

    [Fact]
    public async Task A_shell_goes_on_elsewhere_when_its_directory_is_gone()
    {
        TestContextOfCode shell = await InDirectoryAsync("left");
        Assert.Equal(3, (await shell.RunAsync("a=1; cd ..; rm -r left; exit 3")).ExitCode);
        Assert.Equal("1\n", await shell.PrintsAsync("echo $a"));
        await shell.Context.CloseAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_shell_that_cannot_begin_is_followed_by_another_with_the_next_block_alone()
    {
        TestContextOfCode shell = await InDirectoryAsync("gone"), python = await TestContextOfCode.MakeAsync(fixture.Executor);
        Assert.Equal(1, (await shell.RunAsync("cd ..; rm -r gone; kill -9 $$")).UndoneBlocks);

        // Time for many.
        await python.PrintsAsync("import os, time\ntime.sleep(1)");
        BlockResult result = await shell.RunAsync("echo no");
        Assert.Equal((127, 1, ""), (result.ExitCode, result.UndoneBlocks, result.StandardOutput));
        Assert.InRange(result.StandardError.Split("bash: No such file or directory").Length - 1, 1, 5);
        await python.PrintsAsync("os.mkdir('gone')");
        Assert.Equal("yes\n", (await shell.RunAsync("echo yes")).StandardOutput);
        await shell.Context.CloseAsync(TestContext.Current.CancellationToken);
        await python.Context.CloseAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Without_bash_no_shell_context_is_made()
    {
        CodeContextOptions options = new() { Language = "bash", Environment = new Dictionary<string, string> { ["PATH"] = "/missing" } };
        CodeExecutionException error = await Assert.ThrowsAsync<CodeExecutionException>(
            () => fixture.Executor.CreateContextAsync(options, TestContext.Current.CancellationToken));
        Assert.Equal(("context-not-made", true), (error.Code, error.Message.Contains("bash is missing", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_shell_that_cannot_be_started_harms_its_own_context_alone()
    {
        TestContextOfCode python = await TestContextOfCode.MakeAsync(fixture.Executor);
        await python.PrintsAsync("""
            import os, resource
            def limit(most):
                _, hard = resource.prlimit(os.getppid(), resource.RLIMIT_NPROC)
                resource.prlimit(os.getppid(), resource.RLIMIT_NPROC, (hard if most is None else most, hard))
            """);
        await Shell.PrintsAsync("a=1");
        Assert.Equal(0, (await Shell.RunAsync("exit 0")).ExitCode);

        // Where the limit holds for no one, as for root, this tests nothing.
        await python.PrintsAsync("limit(1)");
        await Shell.RunAsync("kill -9 $$");
        BlockResult result = await Shell.RunAsync("echo $a");
        Assert.True(
            result.ExitCode == 0 || result.StandardError.StartsWith("No interpreter can be started: ", StringComparison.Ordinal),
            result.Output);
        await python.PrintsAsync("limit(None)");
        Assert.Equal("1\n", await Shell.PrintsAsync("echo $a"));
        await python.Context.CloseAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_branch_of_a_shell_that_ends_fails()
    {
        TestContextOfCode python = await TestContextOfCode.MakeAsync(fixture.Executor);
        string pid = await Shell.PrintsAsync("declare() { sleep 600; }; echo $$");
        Task branching = Shell.Context.BranchAsync(cancellationToken: TestContext.Current.CancellationToken);
        await python.PrintsAsync($"import os\nos.kill({pid.Trim()}, 9)");
        Assert.Equal("branch-failed", (await Assert.ThrowsAsync<CodeExecutionException>(() => branching)).Code);
        Assert.Equal("fine\n", (await Shell.RunAsync("echo fine")).StandardOutput);
        await python.Context.CloseAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Makes a context in a directory of its own.</summary>
    private async Task<TestContextOfCode> InDirectoryAsync(string directory)
    {
        await fixture.Executor.Workspace.WriteAllBytesAsync($"{directory}/file", default, TestContext.Current.CancellationToken);
        return Shell.Of(await fixture.Executor.CreateContextAsync(
            new() { Language = "bash", Directory = directory }, TestContext.Current.CancellationToken));
    }
}
