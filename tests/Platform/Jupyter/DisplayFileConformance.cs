using System.Text;
using Glovebox.Tests.Platform.Jupyter.Support;

namespace Glovebox.Tests.Platform.Jupyter;

/// <summary>Where the files of displays are, wherever the kernel is.</summary>
public abstract class DisplayFileConformance(JupyterHost host)
{
    [Fact]
    public async Task A_display_is_its_data_and_a_file_that_can_be_read()
    {
        ICodeExecutor executor = await host.SharedAsync();
        CodeResult result = await executor.PythonAsync("from IPython.display import display\ndisplay({'image/svg+xml': '<svg/>', 'text/plain': 'p'}, raw=True)");
        DisplayOutput display = Assert.Single(result.Blocks[0].Displays);
        Assert.Equal("p\n", result.Output);
        Assert.Equal("<svg/>", Encoding.UTF8.GetString(display.Data["image/svg+xml"].Span));
        Assert.Equal("<svg/>", Encoding.UTF8.GetString(await executor.ReadDisplayAsync(display, "image/svg+xml")));
    }
}

public sealed class UrlDisplayFiles(UrlHost host) : DisplayFileConformance(host), IClassFixture<UrlHost>;
