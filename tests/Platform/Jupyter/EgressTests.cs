using Glovebox.Tests.Common.Egress;
using Glovebox.Tests.Platform.Jupyter.Support;

namespace Glovebox.Tests.Platform.Jupyter;

/// <summary>Cells reach the hosts of a list, as programs do.</summary>
public sealed class EgressTests(SandboxHost host) : IClassFixture<SandboxHost>
{
    [Fact]
    public async Task A_cell_and_a_program_beside_it_reach_what_is_allowed_and_are_told_of_what_is_not()
    {
        await using EgressLab lab = new();
        await using ICodeExecutor executor = await host.StartAsync(o =>
        {
            o.Policy = lab.Policy("GET api.test@ private");
            lab.Configure(o.Egress);
        });
        string code = $"import urllib.request; print(urllib.request.urlopen('{lab.Https("api.test")}').read().decode())";
        CodeResult result = await executor.RunAsync(new("python", code), new("bash", $"python3 -c \"{code}\""));
        Assert.Equal("hello\nhello\n", result.Output);
        result = await executor.PythonAsync(
            $"try:\n    urllib.request.urlopen('{lab.Http("evil.test")}')\nexcept OSError as e:\n    print(e)");
        Assert.Equal($"HTTP Error 403: evil.test:{lab.Plain.Port} is not an allowed domain.\n", result.Output);
    }
}
