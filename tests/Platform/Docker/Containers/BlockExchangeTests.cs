using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Containers;

/// <summary>Blocks whose files only the agent reaches: one exchange saves the code, runs it and lists the files.</summary>
public sealed class BlockExchangeTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Task<DockerCommandLineCodeExecutor> StartAsync(Action<DockerCommandLineCodeExecutorOptions>? configure = null)
    {
        DockerCommandLineCodeExecutorOptions options = new() { Image = TestImages.Python };
        configure?.Invoke(options);
        return TestContainers.StartAsync(options);
    }

    private static async Task<IEnumerable<string>> FilesAsync(DockerCommandLineCodeExecutor executor) => (await executor.Workspace.ListAsync(Ct)).Files.Select(f => f.Path);

    [Fact]
    public async Task What_each_block_has_made_is_told()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync();
        await executor.Workspace.WriteAllTextAsync("there.txt", "there", Ct);
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [
                new("bash", "mkdir sub; echo one > sub/one.txt; echo two > two.txt"),
                new("python", "# filename: named.py\nopen('two.txt', 'a').write('more')"),
                new("bash", "rm two.txt; cat there.txt named.py > /dev/null"),
                new("bash", "echo last > last.txt; exit 3"),
            ],
            Ct);
        Assert.Equal(3, result.ExitCode);
        Assert.Equal(["sub/one.txt two.txt", "two.txt", "", "last.txt"], result.Blocks.Select(b => string.Join(' ', b.OutputFiles.Select(f => f.Path))));
        Assert.Equal("named.py", result.Blocks[1].CodeFile);
        Assert.Equal("# filename: named.py\nopen('two.txt', 'a').write('more')", await executor.Workspace.ReadAllTextAsync("named.py", cancellationToken: Ct));
    }

    [Fact]
    public async Task Files_of_a_block_that_is_ended_or_has_ended_itself_are_told_too()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(o => o.Timeout = TimeSpan.FromSeconds(3));
        BlockResult ended = (await executor.RunAsync("bash", "touch ended; exec sleep 600")).Blocks[0];
        Assert.Equal((TerminationReason.TimedOut, "ended"), (ended.Termination, Assert.Single(ended.OutputFiles).Path));
        BlockResult signaled = (await executor.RunAsync("bash", "touch signaled; kill -SEGV $$")).Blocks[0];
        Assert.Equal((TerminationReason.Signaled, "signaled"), (signaled.Termination, Assert.Single(signaled.OutputFiles).Path));
    }

    [Fact]
    public async Task Thousands_of_files_are_told()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync();
        BlockResult block = (await executor.RunAsync("python", "for i in range(5000):\n    open('%05d' % i + 'x' * 200, 'w').close()")).Blocks[0];
        Assert.Equal(5000, block.OutputFiles.Count);
        Assert.Empty((await executor.RunAsync("python", "pass")).OutputFiles);
    }

    [Fact]
    public async Task A_file_that_says_a_time_that_the_channel_cannot_does_no_harm()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync();
        BlockResult block = (await executor.RunAsync("bash", "touch -d 2300-01-01 late; touch -d 1903-01-01 early")).Blocks[0];
        Assert.Equal(["early", "late"], block.OutputFiles.Select(f => f.Path));
        Assert.Equal("2", await executor.PrintAsync("bash", "ls early late | wc -l"));
    }

    [Theory]
    [InlineData("link/x.py", "Filename is not in the workspace\n")]
    [InlineData("../x.py", "Filename is not in the workspace\n")]
    [InlineData("pipe", "Filename is not in the workspace\n")]
    [InlineData("folder", "'folder' cannot be used: Is a directory.\n")]
    [InlineData("x.txt/x.py", "'x.txt/x.py' cannot be used: Not a directory.\n")]
    public async Task A_block_that_cannot_be_saved_does_not_run(string name, string said)
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync();
        await executor.RunAsync("bash", "echo mine > x.txt; mkdir folder; mkfifo pipe; ln -s folder link");
        IEnumerable<string> before = await FilesAsync(executor);
        BlockResult block = (await executor.RunAsync("python", $"# filename: {name}\nopen('ran', 'w')")).Blocks[0];
        Assert.Equal((1, TerminationReason.NotStarted, said, null), (block.ExitCode, block.Termination, block.Output, block.CodeFile));
        Assert.Equal(before, await FilesAsync(executor));
    }

    [Fact]
    public async Task A_block_that_cannot_be_saved_does_not_run_what_had_its_name_before()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync();
        Assert.Equal("old", await executor.PrintAsync("python", "# filename: x.py\nprint('old')"));
        await executor.RunAsync("bash", "chmod 500 .");
        BlockResult block = (await executor.RunAsync("python", "# filename: x.py\nprint('new')")).Blocks[0];
        Assert.Equal((TerminationReason.NotStarted, "'x.py' cannot be used: Permission denied.\n"), (block.Termination, block.Output));
        Assert.Equal("# filename: x.py\nprint('old')", await executor.Workspace.ReadAllTextAsync("x.py", cancellationToken: Ct));
    }

    [Fact]
    public async Task Code_of_any_size_runs()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync();
        foreach (int size in new[] { 0, (256 << 10) - 9, 256 << 10, 3 << 20 })
        {
            Assert.Equal($"{size}", await executor.PrintAsync("python", $"print(len('{new string('x', size)}'))"));
        }
    }

    [Fact]
    public async Task Temporary_code_goes_when_that_is_asked_for_and_is_no_file_of_the_block()
    {
        await using DockerCommandLineCodeExecutor executor = await StartAsync(o => o.DeleteTempFiles = true);
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new("python", "open('a', 'w')"), new("bash", "touch b")], Ct);
        Assert.Equal(["a", "b"], result.OutputFiles.Select(f => f.Path));
        Assert.Equal(["a", "b"], await FilesAsync(executor));
    }
}
