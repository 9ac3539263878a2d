using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Functions;

public sealed class PipTests
{
    [Fact]
    public async Task A_Python_without_pip_is_an_error_that_says_what_to_install()
    {
        FunctionSetupException e = await Assert.ThrowsAsync<FunctionSetupException>(() => TestContainers.StartAsync(new()
        {
            Image = TestImages.Python,
            InitCommand = "python3 -c 'import os, pip, shutil; shutil.rmtree(os.path.dirname(pip.__file__))'",
            Functions = { FunctionWithRequirements.FromSource("def f(): pass", "gb_tool") },
        }));
        Assert.Contains("No module named pip", e.Message, StringComparison.Ordinal);
        Assert.Contains("python3-pip", e.Hint, StringComparison.Ordinal);
    }
}
