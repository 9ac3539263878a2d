namespace Glovebox.Tests.Common.Contract;

/// <summary>Which files a block is said to have made, and which paths the host refuses before any sandbox is asked.</summary>
public abstract class FileReportConformance(ExecutorKind kind)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_is_reported_with_each_block_that_made_or_changed_it()
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = false });
        await session.WriteAsync("there.txt", "there");
        CodeResult result = await session.RunAsync(
            new("bash", "echo one > one.txt; echo two > two.txt"),
            new("bash", "# filename: named.sh\necho more >> two.txt; cat there.txt"),
            new("bash", "rm two.txt; echo back > back.txt"),
            new("bash", "rm back.txt"),
            new("bash", "echo back > back.txt"),
            new("bash", "echo again > one.txt; echo again > named.sh"));
        Assert.Equal(
            [["one.txt", "two.txt"], ["two.txt"], ["back.txt"], [], ["back.txt"], ["one.txt"]],
            result.Blocks.Select(b => b.OutputFiles.Select(f => f.Path).ToArray()));
        Assert.Equal([[], [], ["two.txt"], ["back.txt"], [], []], result.Blocks.Select(b => b.DeletedFiles.ToArray()));
        Assert.Equal(["back.txt", "one.txt"], result.OutputFiles.Select(f => f.Path).Order(StringComparer.Ordinal));
        Assert.Equal([6L], result.Blocks[5].OutputFiles.Select(f => f.Size));
        Assert.True(result.AreOutputFilesComplete);
        Assert.Empty((await session.BashAsync("true")).OutputFiles);
    }

    [Fact]
    public async Task A_block_that_never_runs_has_made_none_of_the_files_that_are_there()
    {
        await using Session session = await Session.StartAsync(kind);
        await session.Executor.Workspace.WriteAllTextAsync("there.txt", "there", Ct);
        foreach (CodeBlock block in new CodeBlock[] { new("no-such-language", "x"), new("bash", "# filename: ../x\ntrue") })
        {
            CodeResult result = await session.RunAsync(block);
            Assert.Equal(TerminationReason.NotStarted, result.Blocks[0].Termination);
            Assert.Empty(result.OutputFiles);
        }
    }

    [Fact]
    public async Task A_block_that_fails_or_times_out_has_its_files_listed_too()
    {
        await using Session session = await Session.StartAsync(kind);
        Assert.Equal(["x"], (await session.BashAsync("touch x; exit 1")).OutputFiles.Select(f => f.Path));
        Running running = session.Begin("bash", "touch y; echo ready; exec sleep 600");
        await running.PrintsAsync("ready");
        session.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(["y"], (await running.Completion).OutputFiles.Select(f => f.Path));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/hostname")]
    [InlineData("sub/../../x")]
    [InlineData("a\0b")]
    [InlineData("")]
    [InlineData(".")]
    public async Task A_path_that_leads_outside_is_refused(string path)
    {
        await using Session session = await Session.StartAsync(kind);
        IWorkspace files = session.Executor.Workspace;
        Assert.True((await Assert.ThrowsAsync<WorkspaceException>(() => files.OpenReadAsync(path, Ct))).IsPathRefused);
        Assert.True((await Assert.ThrowsAsync<WorkspaceException>(() => files.WriteAllTextAsync(path, "x", Ct))).IsPathRefused);
        Assert.True((await Assert.ThrowsAsync<WorkspaceException>(() => files.DeleteAsync(path, Ct))).IsPathRefused);
        Assert.Empty(session.Entries());
    }
}
