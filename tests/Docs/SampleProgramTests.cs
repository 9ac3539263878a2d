namespace Glovebox.Tests.Docs;

/// <summary>The sample programs of the core, run as their users do.</summary>
public sealed class SampleProgramTests
{
    [Fact]
    public async Task The_first_program_says_hello() => Assert.Equal("Hello from the glovebox!\n", await RunAsync("HelloGlovebox"));

    [Fact]
    public async Task A_thousand_calls_of_a_method_become_two_lines()
    {
        string output = await RunAsync("HostFunctions");
        Assert.Contains("def get_customer(number: int)", output, StringComparison.Ordinal);
        Assert.EndsWith(
            "1000 calls of a C# method later, the model reads:\n\nExit code: 0\nOutput:\n298 of 1000 customers are behind, with 743,383.59 EUR in all.\nThe worst: Customer 647\n",
            output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hosted_executor_is_configured_approved_logged_and_disposed()
    {
        string output = await RunAsync("HostedExecutor");
        Assert.Contains("Executed 1 of 1 code blocks in", output, StringComparison.Ordinal);
        Assert.Contains("Output:\n285\nCode execution was not approved. Reason: Python only, please.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_of_ones_own_runs_blocks() =>
        Assert.Equal("written\n42\n1000\nlo\n", await RunAsync("SandboxProvider", "glovebox-test-python"));

    private static async Task<string> RunAsync(string sample, params string[] arguments)
    {
        (int exitCode, string output, string errors) = await SampleProgram.RunAsync(sample, arguments);
        Assert.True(exitCode == 0, errors);
        return output;
    }
}
