
namespace Glovebox.Tests.Docs;

/// <summary>The samples do what they say.</summary>
public sealed class JupyterSampleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_sine_wave_is_a_file_and_a_picture()
    {
        await using JupyterCodeExecutor executor = new();
        await executor.StartAsync(Cancellation);
        CodeResult result = await RunAsync(executor, "jupyter/sine-wave.md");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["python", "python", "bash"], result.Blocks.Select(b => b.Language));
        Png.Decode(Assert.Single(result.Blocks[0].Displays).Data["image/png"]);
        Assert.Equal((600, 400), Png.Decode(await executor.Workspace.ReadAllBytesAsync("sine.png", cancellationToken: Cancellation)));
        Assert.Contains("The largest value is 1.000, at x = 1.579.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_analysis_remembers_from_turn_to_turn()
    {
        await using JupyterCodeExecutor executor = new();
        await executor.StartAsync(Cancellation);
        await executor.Workspace.WriteAllBytesAsync("harvest.csv", await File.ReadAllBytesAsync(Sample("JupyterAnalysis/turns/harvest.csv"), Cancellation), Cancellation);
        CodeResult load = await RunAsync(executor, "JupyterAnalysis/turns/1-load.md");
        Assert.Equal("36 rows; columns: orchard, month, kilograms\nmissing: [('north', 11), ('river', 2)]\n", load.Output);
        CodeResult clean = await RunAsync(executor, "JupyterAnalysis/turns/2-clean.md");
        Assert.Matches(@"^\{'north': \d+, 'south': \d+, 'river': \d+\}\n$", clean.Output);
        CodeResult plot = await RunAsync(executor, "JupyterAnalysis/turns/3-plot.md");
        Assert.EndsWith("The largest month is 9\n", plot.Output, StringComparison.Ordinal);
        Png.Decode(Assert.Single(plot.Blocks[0].Displays).Data["image/png"]);
    }

    private static async Task<CodeResult> RunAsync(JupyterCodeExecutor executor, string reply) =>
        await executor.ExecuteCodeBlocksAsync(MarkdownCodeBlocks.Extract(await File.ReadAllTextAsync(Sample(reply), Cancellation)), Cancellation);

    private static string Sample(string name) => Repository.File($"samples/{name}");
}
