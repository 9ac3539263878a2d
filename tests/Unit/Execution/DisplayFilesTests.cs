using System.Text.Json;
using Glovebox.Execution;
using Glovebox.Execution.Displays;

namespace Glovebox.Tests.Unit.Execution;

/// <summary>The files of displays, which blocks of several contexts share.</summary>
public sealed class DisplayFilesTests
{
    [Fact]
    public async Task A_block_tells_of_its_own_failures_alone()
    {
        using TestFolder folder = new();
        using DisplayFiles files = new(folder.Path, workspace: null);
        await files.PrepareAsync(TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(folder.Path, "display-0001.html", "in-the-way"));
        OutputCollector[] outputs = [new(1 << 20, 0), new(1 << 20, 0)];
        BlockDisplays[] blocks = [.. outputs.Select(o => new BlockDisplays(o, files, [], new DisplayLimits(10, 1 << 20)))];
        using JsonDocument shown = JsonDocument.Parse("""{"text/html":"x"}""");
        blocks[0].Show(shown.RootElement, null, isUpdate: false);
        blocks[1].Show(shown.RootElement, null, isUpdate: false);
        await blocks[1].CompleteAsync();
        await blocks[0].CompleteAsync();
        foreach (OutputCollector output in outputs)
        {
            output.Complete(null);
        }

        Assert.Equal("", outputs[1].StandardError);
        Assert.StartsWith("A display could not be saved: ", outputs[0].StandardError, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder.Path, "display-0002.html")));
    }
}
