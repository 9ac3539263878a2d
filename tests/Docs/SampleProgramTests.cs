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
    public async Task An_analysis_of_three_turns_remembers_and_survives_mistakes()
    {
        using TestFolder folder = new();
        folder.GiveAway();
        string output = await RunAsync("InterpreterAnalysis", folder.Path);
        Assert.Contains("36 rows; columns: orchard, month, kilograms", output, StringComparison.Ordinal);
        Assert.Contains("The largest month is 9", output, StringComparison.Ordinal);
        Assert.Contains("image/png display-0002.png", output, StringComparison.Ordinal);
        Assert.Equal(4, output.Split("(a mistake: 1 block undone)").Length);
    }

    [Fact]
    public async Task A_package_is_installed_an_API_gets_its_key_and_another_host_gets_nothing() => Assert.Equal(
        "[allowed GET /simple/shout/]\n[allowed GET /shout-1.0-py3-none-any.whl]\n[allowed GET /v1/weather with API_KEY]\n"
        + "SUNNY, 21 DEGREES!\nThe key begins with glovebox\n[refused elsewhere.example.org:443, not-in-list]\n",
        await RunAsync("AllowList"));

    [Fact]
    public async Task Three_repairs_are_tried_in_branches_and_one_is_kept() => Assert.Equal(
        "It fails: ValueError: could not convert string to float: '1,200'\n"
        + "Repair 1: ValueError: could not convert string to float: 'n/a'\n"
        + "Repair 2: Timed out after 2 s; the code was interrupted. What it and earlier blocks defined is kept.\n"
        + "Repair 3: works\nIn all 1210.5\n",
        await RunAsync("Branches"));

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
