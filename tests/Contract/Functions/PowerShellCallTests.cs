using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Contract.Functions;

public sealed class PowerShellCallTests
{
    private const string Code = "glovebox-call next_number '{\"n\": 41}'";

    [Fact]
    public Task PowerShell_calls_the_host_from_the_host() => CheckAsync(ExecutorKind.Local);

    [Fact]
    public Task PowerShell_calls_the_host_from_a_sandbox() => CheckAsync(ExecutorKind.Bubblewrap);

    private static async Task CheckAsync(ExecutorKind kind)
    {
        await using Session session = await Session.StartAsync(kind, With(Function((int n) => n + 1, "next_number")).And(o => PowerShellHost.AddTo(o)));
        CodeResult result = await session.RunAsync(new CodeBlock("pwsh", Code));
        Assert.Equal((0, "42"), (result.ExitCode, result.Output.Trim()));
    }
}
