#pragma warning disable xUnit1051 // A reader of the documents has no test context.
using Glovebox.Sandboxes;

namespace Glovebox.Tests.Docs;

/// <summary>The C# of docs/files.md. DocumentTests sees to it that they are the same.</summary>
public sealed class FilesSnippets
{
    [Fact]
    public async Task Files_outside_of_the_work_directory()
    {
        await using var executor = new BubblewrapCommandLineCodeExecutor();
        await executor.StartAsync();
        ISandboxFiles files = executor.GetService<ISandboxFiles>()!;

        await files.WriteAllTextAsync("/tmp/in/numbers.csv", "3\n4\n5\n", new SandboxFileWriteOptions { MakesFolders = true });
        await executor.ExecuteCodeBlocksAsync([new CodeBlock("bash", "mkdir /tmp/out; sort -r /tmp/in/numbers.csv > /tmp/out/sorted.csv")]);

        SandboxFileListing found = await files.ListAsync("/tmp/out");
        string sorted = await files.ReadAllTextAsync("/tmp/out/sorted.csv");
        await files.MoveAsync("/tmp/out/sorted.csv", "kept.csv");
        await files.DeleteAsync("/tmp/in", isRecursive: true);

        Assert.Equal(["/tmp/out/sorted.csv"], found.Files.Select(f => f.Path));
        Assert.Equal("5\n4\n3\n", sorted);
        Assert.Equal(sorted, await executor.Workspace.ReadAllTextAsync("kept.csv"));
        Assert.Null(await files.GetAsync("/tmp/in"));

        using StringWriter Console = new() { NewLine = "\n" };

        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await foreach (SandboxFileEvent happened in files.WatchAsync("/tmp/out", isRecursive: true, end.Token))
        {
            if (happened.Kind == SandboxFileEventKind.Started)
            {
                await executor.ExecuteCodeBlocksAsync([new CodeBlock("bash", "echo done > /tmp/out/report.txt")]);
            }

            Console.WriteLine($"{happened.Kind} {happened.Path}");
            if (happened.Kind == SandboxFileEventKind.Written)
            {
                break;
            }
        }

        Assert.Equal("Started /tmp/out\nCreated /tmp/out/report.txt\nWritten /tmp/out/report.txt\n", Console.ToString());
    }
}
