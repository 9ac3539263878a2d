using Glovebox.Tests.Common.Egress;

namespace Glovebox.Tests.Platform.Jupyter;

/// <summary>A kernel reaches what a list allows.</summary>
public sealed class RegistryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cell_asks_a_host_of_the_list()
    {
        await using Registries registries = new();
        JupyterCodeExecutorOptions options = new();
        registries.Configure(options, "GET any.good.test:{https} private");
        await using JupyterCodeExecutor executor = new(options);
        await executor.StartAsync(Cancellation);
        CodeBlock cell = new("python", registries.Address(
            "import urllib.request\nprint(urllib.request.urlopen('https://any.good.test:{https}/').read().decode())"));
        Assert.Equal("hello\n", (await executor.ExecuteCodeBlocksAsync([cell], Cancellation)).Output);
    }
}
