namespace Glovebox.Tests.Docs;

/// <summary>The samples, run as their users do, without a model.</summary>
public sealed class AgentSampleTests
{
    [Fact]
    public async Task The_code_interpreter_shows_the_code_its_output_and_the_answer()
    {
        (int exitCode, string output) = await RunAsync("CodeInterpreter");
        Assert.Equal(0, exitCode);
        Assert.Contains("--- runs:\nimport statistics\n", output, StringComparison.Ordinal);
        Assert.Contains("--- gets:\nExit code: 0\nOutput:\n2.138", output, StringComparison.Ordinal);
        Assert.EndsWith("The standard deviation is about 2.14.\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_agent_fails_mends_and_answers()
    {
        (int exitCode, string output) = await RunAsync("CodeExecutorAgent");
        Assert.Equal(0, exitCode);
        Assert.Contains("\nNameError: name 'text' is not defined", output, StringComparison.Ordinal);
        Assert.Contains("--- exit code 1\n", output, StringComparison.Ordinal);
        Assert.Contains("Proposed correction: The variable text was never set.", output, StringComparison.Ordinal);
        Assert.Contains("\n9 8\n--- exit code 0\n", output, StringComparison.Ordinal);
        Assert.EndsWith("The sentence has 9 words, 8 of them different.\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CodeInterpreter")]
    [InlineData("CodeExecutorAgent")]
    public async Task An_argument_of_no_use_gets_the_usage(string sample) => Assert.Equal((2, ""), await RunAsync(sample, "nonsense"));

    private static async Task<(int ExitCode, string Output)> RunAsync(string sample, params string[] arguments)
    {
        (int exitCode, string output, string errors) = await SampleProgram.RunAsync(sample, arguments);
        Assert.True(exitCode is 0 or 2, errors);
        return (exitCode, output);
    }
}
