namespace Glovebox.Tests.Common.Contract;

/// <summary>The folder that an executor is given or makes for itself: when it is made, when it goes, and what is said when it cannot
/// be.</summary>
public abstract class WorkDirectoryConformance(ExecutorKind kind)
{
    private static readonly CodeBlock Echo = new("bash", "echo on");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_work_directory_is_made_when_missing_and_stays()
    {
        using TestFolder folder = new();
        ICodeExecutor executor = kind.Create(new() { WorkDir = folder["new/deep"] });
        await using (executor)
        {
            await executor.StartAsync(Ct);
            await executor.ExecuteCodeBlocksAsync([new("bash", "echo kept > file.txt")], Ct);
        }

        Assert.Equal("kept\n", await File.ReadAllTextAsync(folder["new/deep/file.txt"], Ct));
    }

    [Fact]
    public async Task A_work_directory_of_the_executors_own_is_deleted_with_it_whatever_is_in_it()
    {
        using TestFolder outside = new();
        await File.WriteAllTextAsync(outside["kept"], "kept", Ct);
        string unique = HostProcesses.NewMarker();
        ICodeExecutor executor = kind.Create(new());
        string? made;
        await using (executor)
        {
            await executor.StartAsync(Ct);
            CodeResult result = await executor.ExecuteCodeBlocksAsync(
                [
                    new("python", $"""
                        import os
                        open('{unique}', 'w'); open(b'not-\xff-utf8', 'w'); os.symlink('{outside.Path}', 'link')
                        os.makedirs('locked/in'); open('locked/in/x', 'w'); os.chmod('locked/in', 0); os.chmod('locked', 0)
                        for i in range(1500): os.mkdir('deeper'); os.chdir('deeper')
                        """),
                ],
                Ct);
            Assert.Equal((0, ""), (result.ExitCode, result.Output));
            made = kind.FindOwnWorkDirectory(unique);
            Assert.NotNull(made);
        }

        Assert.False(Directory.Exists(made));
        Assert.Equal(["kept"], outside.Entries());
        Assert.Null(kind.FindOwnWorkDirectory(unique));
    }

    [Fact]
    public async Task A_work_directory_that_is_a_file_is_an_error_that_says_so()
    {
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["file"], "x", Ct);
        await using ICodeExecutor executor = kind.Create(new() { WorkDir = folder["file"] });
        CodeExecutionException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(Ct));
        Assert.Equal("work-directory-unusable", e.Code);
        Assert.Contains(folder["file"], e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
        Assert.Equal(e.Code, (await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.ExecuteCodeBlocksAsync([Echo], Ct))).Code);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_work_directory_that_vanishes_is_a_result_or_an_error_and_not_a_hang()
    {
        using TestFolder folder = new();
        folder.SetMode("", "711");
        await using ICodeExecutor executor = kind.Create(new() { WorkDir = folder["work"] });
        await executor.StartAsync(TestContext.Current.CancellationToken);
        Directory.Delete(folder["work"]);
        try
        {
            Assert.NotEqual(0, (await executor.ExecuteCodeBlocksAsync([new("bash", "# filename: x.sh\ntouch made")], TestContext.Current.CancellationToken)).ExitCode);
        }
        catch (CodeExecutionException e)
        {
            Assert.NotEmpty(e.Message);
        }

        Assert.Empty(folder.Entries());
    }

    [Fact]
    public async Task A_work_directory_named_relatively_stays_the_one_it_was_at_construction()
    {
        using TestFolder folder = new();
        ICodeExecutor executor = kind.Create(new() { WorkDir = Path.GetRelativePath(Directory.GetCurrentDirectory(), folder.Path) });
        await using (executor)
        {
            await executor.StartAsync(Ct);
            await executor.ExecuteCodeBlocksAsync([new("bash", "touch here")], Ct);
        }

        Assert.Equal(["here"], folder.Entries());
    }
}
