using System.Diagnostics;

namespace Glovebox.Tests.Common.Contract;

/// <summary>Names of code files that lead through what the file system already has: links, folders, pipes.</summary>
public abstract class FileLinkConformance(ExecutorKind kind)
{
    private const string Refusal = "Filename is not in the workspace\n";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_name_through_a_link_is_refused_whoever_made_the_link(bool byGuest)
    {
        using TestFolder outside = new();
        await File.WriteAllTextAsync(outside["victim.py"], "untouched", TestContext.Current.CancellationToken);
        await using Session session = await Session.StartAsync(kind);
        if (byGuest)
        {
            Assert.Equal(0, (await session.BashAsync($"ln -s '{outside.Path}' folder; ln -s '{outside["victim.py"]}' file.py; ln -s '{outside["new.py"]}' new.py")).ExitCode);
        }
        else
        {
            File.CreateSymbolicLink(session.Folder["folder"], outside.Path);
            File.CreateSymbolicLink(session.Folder["file.py"], outside["victim.py"]);
            File.CreateSymbolicLink(session.Folder["new.py"], outside["new.py"]);
        }

        foreach (string name in new[] { "folder/x.py", "folder/victim.py", "folder/sub/x.py", "file.py", "new.py", "folder" })
        {
            CodeResult result = await session.PythonAsync($"# filename: {name}\nprint(1)");
            Assert.Equal((1, Refusal), (result.ExitCode, result.Output));
        }

        Assert.Equal(["victim.py"], outside.Entries());
        Assert.Equal("untouched", await File.ReadAllTextAsync(outside["victim.py"], TestContext.Current.CancellationToken));

        // The canary: opened plainly, the same names do lead outside.
        await File.WriteAllTextAsync(session.Folder["folder/x.py"], "outside", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(session.Folder["file.py"], "outside", TestContext.Current.CancellationToken);
        Assert.Equal("outside", await File.ReadAllTextAsync(outside["x.py"], TestContext.Current.CancellationToken));
        Assert.Equal("outside", await File.ReadAllTextAsync(outside["victim.py"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_name_through_a_link_that_stays_inside_is_refused_too()
    {
        await using Session session = await Session.StartAsync(kind);
        await session.BashAsync("mkdir real; ln -s real link; ln -s loop loop");
        Assert.Equal(Refusal, (await session.PythonAsync("# filename: link/x.py\nprint(1)")).Output);
        Assert.Equal(Refusal, (await session.PythonAsync("# filename: loop/x.py\nprint(1)")).Output);
        Assert.Equal("1\n", (await session.PythonAsync("# filename: real/x.py\nprint(1)")).Output);
    }

    [Fact]
    public async Task A_name_that_is_a_hard_link_gets_a_file_of_its_own()
    {
        await using Session session = await Session.StartAsync(kind);
        using TestFolder outside = new();
        await File.WriteAllTextAsync(outside["victim.py"], "untouched", TestContext.Current.CancellationToken);
        using (Process ln = Process.Start("ln", [outside["victim.py"], session.Folder["x.py"]]))
        {
            await ln.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, ln.ExitCode);
        }

        Assert.Equal("1\n", (await session.PythonAsync("# filename: x.py\nprint(1)")).Output);
        Assert.Equal("untouched", await File.ReadAllTextAsync(outside["victim.py"], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("x.txt/x.py")]
    [InlineData("folder")]
    [InlineData("pipe")]
    [InlineData("too long")]
    public async Task A_name_that_cannot_be_written_is_a_result_that_says_so(string name)
    {
        await using Session session = await Session.StartAsync(kind);
        await session.BashAsync("echo mine > x.txt; mkdir folder; mkfifo pipe");
        string[] before = [.. session.Folder.Entries()];
        string named = name == "too long" ? new string('x', 256) : name;
        BlockResult block = Assert.Single((await session.PythonAsync($"# filename: {named}\nprint(1)")).Blocks);
        Assert.Equal((1, TerminationReason.NotStarted), (block.ExitCode, block.Termination));
        Assert.NotEmpty(block.Output);
        Assert.Equal(before, session.Folder.Entries());
    }
}
