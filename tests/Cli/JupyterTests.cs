using System.Text.Json;
using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli;

/// <summary><c>glovebox run --executor jupyter</c>.</summary>
public sealed class JupyterTests : IDisposable
{
    private const string Plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()";

    private readonly Tool _tool = new();
    private readonly TestFolder _folder = new();

    public JupyterTests() => _folder.GiveAway();

    [Fact]
    public async Task Blocks_share_their_state_and_a_plot_is_a_file_that_is_listed_with_its_size()
    {
        ToolResult result = await _tool.RunWithInputAsync(
            Replies.Of(("python", "x = 41"), ("python", "print(x + 1)"), ("bash", "echo $0"), ("python", Plot)), "run", "--executor", "jupyter", "--work-dir", _folder.Path);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("42\n", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"display-0001\.png \(\d+(\.\d+)? (bytes|KiB)\)", result.Errors);
        byte[] picture = await File.ReadAllBytesAsync(_folder["display-0001.png"], TestContext.Current.CancellationToken);
        Assert.Equal("PNG"u8, picture.AsSpan(1, 3));
    }

    [Fact]
    public async Task The_object_has_the_displays_with_their_files()
    {
        ToolResult result = await _tool.RunWithInputAsync(
            Replies.Of(("python", Plot)), "run", "--json", "--executor", "jupyter", "--work-dir", _folder.Path);
        Assert.Equal(0, result.ExitCode);
        using JsonDocument document = JsonDocument.Parse(result.Output);
        Assert.Equal("jupyter", document.RootElement.GetProperty("executor").GetString());
        JsonElement display = Assert.Single(document.RootElement.GetProperty("blocks")[0].GetProperty("displays").EnumerateArray());
        Assert.Equal("image/png", display.GetProperty("mimeType").GetString());
        Assert.Equal("display-0001.png", display.GetProperty("file").GetString());
        Assert.Equal(["display-0001.png"], document.RootElement.GetProperty("files").EnumerateArray().Select(f => f.GetString()));
    }

    public void Dispose()
    {
        _tool.Dispose();
        _folder.Dispose();
    }
}
