using System.Text;
using Glovebox.Tests.Platform.Jupyter.Support;

namespace Glovebox.Tests.Platform.Jupyter;

/// <summary>What code shows. <see cref="DisplayFileConformance"/> is about where its files are.</summary>
public sealed class DisplayTests(SandboxHost host) : IClassFixture<SandboxHost>, IAsyncLifetime
{
    private ICodeExecutor Executor { get; set; } = null!;

    public async ValueTask InitializeAsync() => Executor = await host.SharedAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return default;
    }

    [Fact]
    public async Task A_plot_arrives_as_a_picture_that_decodes_and_as_a_file_and_what_it_saved_is_in_the_work_directory()
    {
        CodeResult result = await Executor.PythonAsync(
            """
            import numpy as np
            import matplotlib.pyplot as plt
            x = np.linspace(0, 2 * np.pi, 200)
            plt.figure(figsize=(6, 4), dpi=100)
            plt.plot(x, np.sin(x))
            plt.savefig('sine.png')
            plt.show()
            """);
        Assert.Equal(0, result.ExitCode);
        DisplayOutput display = Assert.Single(result.Blocks[0].Displays);
        (int width, int height) = Png.Decode(display.Data["image/png"]);
        Assert.InRange(width, 300, 700);
        Assert.InRange(height, 200, 500);
        Assert.Equal(display.Data["image/png"].ToArray(), await Executor.ReadDisplayAsync(display, "image/png"));

        byte[] saved = await Executor.Workspace.ReadAllBytesAsync("sine.png", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((600, 400), Png.Decode(saved));
        Assert.Contains(result.OutputFiles, f => f.Path == "sine.png");
        Assert.Contains(result.OutputFiles, f => f.Path == display.Files["image/png"]);
    }

    [Fact]
    public async Task Every_form_is_kept()
    {
        CodeResult result = await Executor.PythonAsync(
            """
            from IPython.display import display
            display({'text/plain': 'p', 'text/html': '<b>ü</b>', 'text/latex': r'$\pi$', 'application/json': {'a': [1, None]}, 'image/svg+xml': '<svg/>',
                     'application/vnd.example+json': {'v': 2}}, raw=True)
            """);
        DisplayOutput display = Assert.Single(result.Blocks[0].Displays);
        Dictionary<string, string> texts = display.Data.ToDictionary(d => d.Key, d => Encoding.UTF8.GetString(d.Value.Span));
        Assert.Equal("p", texts["text/plain"]);
        Assert.Equal("<b>ü</b>", texts["text/html"]);
        Assert.Equal(@"$\pi$", texts["text/latex"]);
        Assert.Equal("""{"a":[1,null]}""", texts["application/json"].Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("""{"v":2}""", texts["application/vnd.example+json"].Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("p\n", result.Output);
        Assert.Equal(["image/svg+xml", "text/html"], display.Files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("<b>ü</b>", Encoding.UTF8.GetString(await Executor.ReadDisplayAsync(display, "text/html")));
        Assert.Equal("<svg/>", Encoding.UTF8.GetString(await Executor.ReadDisplayAsync(display, "image/svg+xml")));
    }

    [Fact]
    public async Task Files_of_displays_sort_in_the_order_in_which_they_were_shown()
    {
        CodeResult result = await Executor.PythonAsync("from IPython.display import HTML, display\nfor i in range(12): display(HTML(str(i)))");
        string[] files = [.. result.Blocks[0].Displays.Select(d => d.Files["text/html"])];
        Assert.Equal(12, files.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(files.Order(StringComparer.Ordinal), files);
    }

    [Fact]
    public async Task A_jpeg_is_decoded_bytes()
    {
        CodeResult result = await Executor.PythonAsync(
            "import base64\nfrom IPython.display import display\ndisplay({'image/jpeg': base64.encodebytes(b'\\xff\\xd8\\xff\\xe0' * 50).decode()}, raw=True)");
        DisplayOutput display = Assert.Single(result.Blocks[0].Displays);
        Assert.Equal(Enumerable.Repeat<byte[]>([0xFF, 0xD8, 0xFF, 0xE0], 50).SelectMany(b => b), display.Data["image/jpeg"].ToArray());
        Assert.EndsWith(".jpg", display.Files["image/jpeg"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_display_that_changes_takes_the_place_of_what_it_was()
    {
        Running running = Executor.Begin(
            "from IPython.display import HTML, display\nh = display(HTML('one'), display_id='progress')\ndisplay(HTML('other'))\nh.update(HTML('two'))");
        CodeResult result = await running.Completion;
        IReadOnlyList<DisplayOutput> displays = result.Blocks[0].Displays;
        Assert.Equal(["two", "other"], displays.Select(d => Encoding.UTF8.GetString(d.Data["text/html"].Span)));
        Assert.Equal("progress", displays[0].DisplayId);
        Assert.Equal("two", Encoding.UTF8.GetString(await Executor.ReadDisplayAsync(displays[0], "text/html")));

        // Also from a later cell, into the same file.
        CodeResult later = await Executor.PythonAsync("h.update(HTML('three'))");
        DisplayOutput changed = Assert.Single(later.Blocks[0].Displays);
        Assert.Equal("progress", changed.DisplayId);
        Assert.Equal(displays[0].Files["text/html"], changed.Files["text/html"]);
        Assert.Equal("three", Encoding.UTF8.GetString(await Executor.ReadDisplayAsync(changed, "text/html")));
    }

    [Fact]
    public async Task Cleared_output_is_gone()
    {
        List<CodeExecutionUpdate> updates = [];
        await foreach (CodeExecutionUpdate update in Executor.ExecuteCodeBlocksStreamingAsync(
            [new CodeBlock("python", "from IPython.display import HTML, clear_output, display\nprint('old'); display(HTML('old'))\nclear_output()\nprint('new'); display(HTML('new'))")],
            TestContext.Current.CancellationToken))
        {
            updates.Add(update);
        }

        BlockResult result = Assert.Single(updates.OfType<BlockCompletedUpdate>()).Result;
        Assert.Equal("new\n<IPython.core.display.HTML object>\n", result.Output);
        DisplayOutput left = Assert.Single(result.Displays);
        Assert.Equal("new", Encoding.UTF8.GetString(left.Data["text/html"].Span));
        int cleared = updates.FindIndex(u => u is OutputClearedUpdate);
        Assert.Equal(result.Output, string.Concat(updates.Skip(cleared + 1).OfType<OutputReceivedUpdate>().Select(u => u.Text)));
    }

    [Fact]
    public async Task Output_that_waits_to_be_cleared_stays_until_there_is_other()
    {
        CodeResult result = await Executor.PythonAsync(
            "from IPython.display import clear_output\nfor i in range(3):\n    clear_output(wait=True)\n    print(i)\nclear_output(wait=True)");
        Assert.Equal("2\n", result.Output);
    }

    [Fact]
    public async Task Displays_are_bounded_in_number_and_size_and_the_output_says_so()
    {
        await using ICodeExecutor executor = await host.StartAsync(o =>
        {
            o.MaxDisplays = 3;
            o.MaxDisplayBytes = 1 << 20;
        });
        CodeResult many = await executor.PythonAsync("from IPython.display import HTML, display\nfor i in range(10): display(HTML(str(i)))");
        Assert.Equal(3, many.Blocks[0].Displays.Count);
        Assert.True(many.Blocks[0].Truncated);
        Assert.Contains("[... 7 displays or messages dropped: a block shows at most 3 displays and 1 MiB ...]", many.Output, StringComparison.Ordinal);

        CodeResult large = await executor.PythonAsync("display(HTML('x' * 2_000_000))\ndisplay(HTML('small'))");
        Assert.Equal("small", Encoding.UTF8.GetString(Assert.Single(large.Blocks[0].Displays).Data["text/html"].Span));
        Assert.True(large.Blocks[0].Truncated);
    }

    [Fact]
    public async Task A_later_executor_does_not_overwrite_the_files_of_an_earlier_one()
    {
        using TestFolder displays = new();
        for (int i = 1; i <= 2; i++)
        {
            await using ICodeExecutor executor = await host.StartAsync(o => o.OutputDir = displays.Path);
            await executor.PythonAsync($"from IPython.display import HTML\nHTML('{i}')");
        }

        Assert.Equal(["display-0001.html", "display-0002.html"], displays.Entries());
        Assert.Equal("1", await File.ReadAllTextAsync(displays["display-0001.html"], TestContext.Current.CancellationToken));
    }
}
