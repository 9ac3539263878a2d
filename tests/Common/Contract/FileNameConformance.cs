using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Contract;

/// <summary>Under which names code is saved, and which are refused.</summary>
public abstract class FileNameConformance(ExecutorKind kind)
{
    private const string Refusal = "Filename is not in the workspace\n";

    [Theory]
    [InlineData("\r\n# filename: x.py\r\nprint(1)\r\n", "x.py")]
    [InlineData("# filename: sub/deep/x.py\nprint(1)", "sub/deep/x.py")]
    [InlineData("# filename: -c.py\nprint(1)", "-c.py")]
    [InlineData("# filename: with blank.py\nprint(1)", "with blank.py")]
    [InlineData("# filename: grün.py\nprint(1)", "grün.py")]
    public async Task A_named_block_is_saved_under_its_name_run_and_kept(string code, string name)
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = true });
        CodeResult result = await session.PythonAsync(code);
        Assert.Equal("1\n", result.Output);
        Assert.Equal(name, result.CodeFile);
        Assert.Equal(code, await session.Executor.Workspace.ReadAllTextAsync(name, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Empty(result.OutputFiles);
    }

    [Fact]
    public async Task A_name_may_be_absolute_below_the_work_directory()
    {
        await using Session session = await Session.StartAsync(kind);
        string folder = session.Executor.GetService<ISandbox>()!.WorkDirectory;
        CodeResult result = await session.RunAsync(
            new CodeBlock("bash", $"#!/bin/bash\n# filename: \"{folder}/sub/run it.sh\"\necho hi"));
        Assert.Equal(("hi\n", "sub/run it.sh"), (result.Output, result.CodeFile));
        WorkspaceListing files = await session.Executor.Workspace.ListAsync(TestContext.Current.CancellationToken);
        Assert.Contains(files.Files, f => f.Path == "sub/run it.sh");
        Assert.Equal(Refusal, (await session.PythonAsync($"# filename: {folder}/../x.py\n1")).Output);
        Assert.Equal(Refusal, (await session.PythonAsync($"# filename: {folder}-other/x.py\n1")).Output);
    }

    [Theory]
    [InlineData("../x.py")]
    [InlineData("/tmp/glovebox-test-absolute.py")]
    [InlineData("a\0b.py")]
    public async Task A_name_that_leads_outside_is_refused_and_nothing_is_written(string name)
    {
        using TestFolder outer = new();
        await using Session session = await Session.StartAsync(kind, new() { WorkDir = outer["work"] });
        CodeResult result = await session.RunAsync(new("python", $"# filename: {name}\nprint(1)"), new("bash", "echo never"));
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(Refusal, result.Output);
        BlockResult block = Assert.Single(result.Blocks);
        Assert.Equal(TerminationReason.NotStarted, block.Termination);
        Assert.Null(block.CodeFile);
        Assert.DoesNotContain(outer.Entries(), name => name != "work");
        Assert.False(File.Exists("/tmp/glovebox-test-absolute.py"));
    }

    [Fact]
    public async Task A_name_after_the_first_line_of_code_is_only_a_comment()
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = false });
        CodeResult result = await session.PythonAsync("print(1)\n# filename: x.py\n");
        Assert.Matches("^tmp_code_[0-9a-f]{32}\\.py$", result.CodeFile);
        Assert.Equal([result.CodeFile!], session.Entries());
    }

    [Theory]
    [InlineData("python", ".py")]
    [InlineData("bash", ".sh")]
    [InlineData("sh", ".sh")]
    public async Task Code_without_a_name_gets_a_temporary_one_that_depends_on_the_code(string language, string extension)
    {
        await using Session session = await Session.StartAsync(kind, new() { DeleteTempFiles = false });
        CodeResult result = await session.RunAsync(new(language, "#1"), new(language, "#2"), new(language, "#1"));
        Assert.All(result.Blocks, b => Assert.Matches($"^tmp_code_[0-9a-f]{{32}}\\{extension}$", b.CodeFile));
        Assert.Equal(result.Blocks[0].CodeFile, result.Blocks[2].CodeFile);
        Assert.NotEqual(result.Blocks[0].CodeFile, result.Blocks[1].CodeFile);
    }
}
