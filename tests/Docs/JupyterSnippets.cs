#pragma warning disable xUnit1051 // A reader of the documents has no test context.

namespace Glovebox.Tests.Docs;

/// <summary>The C# of the README and of docs/jupyter.md that is about kernels. DocumentTests sees to it that they are the same.</summary>
public sealed class JupyterSnippets
{
    [Fact]
    public async Task Names_live_on_and_the_last_expression_is_shown()
    {
        using StringWriter Console = new() { NewLine = "\n" };

        await using var executor = new JupyterCodeExecutor();
        await executor.StartAsync();
        await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "import math\nradius = 2")]);
        CodeResult result = await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "math.pi * radius ** 2")]);
        Console.WriteLine(result.Output);   // 12.566370614359172

        Assert.Equal("12.566370614359172\n\n", Console.ToString());
    }

    [Fact]
    public async Task A_plot_is_a_picture_and_a_file()
    {
        try
        {
            using StringWriter Console = new() { NewLine = "\n" };

            await using var executor = new JupyterCodeExecutor(new() { WorkDir = "analysis" });
            await executor.StartAsync();
            await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "import numpy as np\nx = np.linspace(0, 6.28, 200)")]);
            CodeResult result = await executor.ExecuteCodeBlocksAsync(
                [new CodeBlock("python", "import matplotlib.pyplot as plt\nplt.plot(x, np.sin(x))\nplt.show()")]);
            Console.WriteLine(result.Blocks[0].Displays[0].Files["image/png"]);

            Assert.True(File.Exists(Path.Combine("analysis", Console.ToString().Trim())), Console.ToString());
        }
        finally
        {
            Directory.Delete("analysis", recursive: true);
        }
    }
}
