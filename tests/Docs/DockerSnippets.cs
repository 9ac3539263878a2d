#pragma warning disable xUnit1051 // A reader of the README has no test context.

namespace Glovebox.Tests.Docs;

/// <summary>The C# of the README that is about Docker. DocumentTests sees to it that the two are the same.</summary>
public sealed class DockerSnippets
{
    [Fact]
    public async Task An_image_a_time_and_a_work_directory_are_chosen()
    {
        try
        {
            using StringWriter Console = new() { NewLine = "\n" };

            await using var executor = new DockerCommandLineCodeExecutor(new DockerCommandLineCodeExecutorOptions
            {
                Image = "python:3.11-slim",
                Timeout = TimeSpan.FromSeconds(120),
                WorkDir = "workspace",
                Policy = new ExecutionPolicy { Memory = 512L << 20, Cpus = 0.5 },
            });
            await executor.StartAsync();
            CodeResult result = await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "print('Hello from Docker!')")]);
            Console.WriteLine(result.Output);

            Assert.Equal("Hello from Docker!\n\n", Console.ToString());
            Assert.True(File.Exists(Path.Combine("workspace", result.CodeFile!)));
        }
        finally
        {
            Directory.Delete("workspace", recursive: true);
        }
    }

    [Fact]
    public async Task A_pool_has_them_started_ahead()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;

        await using CodeSessionPool pool = new(() => new DockerCommandLineCodeExecutor(), new CodeSessionPoolOptions { StartedAhead = 2 });
        await using CodeSessionLease lease = await pool.RentAsync(cancellationToken);
        CodeResult pooled = await lease.Executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "print(1)")], cancellationToken);

        Assert.Equal("1\n", pooled.Output);
    }
}
