using Glovebox.Docker.Containers;

namespace Glovebox.Tests.Platform.Docker.Support;

/// <summary>Executors for tests that need no more than one.</summary>
internal static class TestContainers
{
    /// <summary>Makes and starts an executor of a test image.</summary>
    public static async Task<DockerCommandLineCodeExecutor> StartAsync(DockerCommandLineCodeExecutorOptions? options = null, DockerInternals? internals = null)
    {
        options ??= new() { Image = TestImages.Python };
        options.PullPolicy = PullPolicy.Never;
        DockerCommandLineCodeExecutor executor = new(options, internals ?? new());
        try
        {
            await executor.StartAsync(TestContext.Current.CancellationToken);
            return executor;
        }
        catch
        {
            await executor.DisposeAsync();
            throw;
        }
    }

    public static async Task<CodeResult> RunAsync(this ICodeExecutor executor, string language, string code) =>
        await executor.ExecuteCodeBlocksAsync([new CodeBlock(language, code)], TestContext.Current.CancellationToken);

    /// <summary>Runs code that must succeed, and gives what it printed.</summary>
    public static async Task<string> PrintAsync(this ICodeExecutor executor, string language, string code)
    {
        CodeResult result = await executor.RunAsync(language, code);
        Assert.True(result.ExitCode == 0, $"{result.ExitCode}: {result.Output}");
        return result.Output.Trim();
    }

    /// <summary>A container name that no other test has.</summary>
    public static string NewName() => $"glovebox-test-{Guid.NewGuid():n}";

    /// <summary>The work directory as guest code sees it.</summary>
    public const string WorkDirectory = ContainerLauncher.WorkDirectory;
}
