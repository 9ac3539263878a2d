using System.Reflection;
using Glovebox.Cli.Executors;
using Glovebox.Tests.Cli.Support;

namespace Glovebox.Tests.Cli;

/// <summary>What the tool says of itself.</summary>
public sealed class HelpTests : IDisposable
{
    private readonly Tool _tool = new();

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    public async Task Help_names_the_commands(string option)
    {
        ToolResult result = await _tool.RunAsync(option);

        Assert.Contains("\n  glovebox [command] [options]\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("\n  run <FILE>  Runs the code blocks of a reply, or a script.\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("\n  doctor      Shows which executors work", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task Help_of_run_names_every_option_the_exit_codes_and_examples()
    {
        ToolResult result = await _tool.RunAsync("run", "--help");

        foreach (string option in new[]
        {
            "--language <NAME>", $"--executor <{string.Join('|', ExecutorKinds.Names)}>", "--image <NAME>", "--timeout <SECONDS>", "--work-dir <DIR>",
            "--network <none|setup|full>", "--allow-domain <RULE>", "--secret <NAME@DOMAIN,...>", "--memory <SIZE>", "--cpus <CORES>", "--approve", "--json",
        })
        {
            Assert.Contains(option, result.Output, StringComparison.Ordinal);
        }

        Assert.Contains(
            "124 when its time ran out; 125 when Glovebox could not run it; 2 for wrong usage", result.Output, StringComparison.Ordinal);
        Assert.Contains("\n  glovebox run reply.md\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task Without_a_command_the_help_is_shown_as_for_wrong_usage()
    {
        ToolResult result = await _tool.RunAsync();

        Assert.Contains("Commands:", result.Output, StringComparison.Ordinal);
        Assert.Equal(2, result.ExitCode);
    }

    [Fact]
    public async Task An_unknown_command_is_wrong_usage()
    {
        ToolResult result = await _tool.RunAsync("walk");

        Assert.Equal("glovebox: Unrecognized command or argument 'walk'.\nSee: glovebox --help\n", result.Errors);
        Assert.Equal(2, result.ExitCode);
    }

    [Fact]
    public async Task The_version_is_that_of_the_assembly()
    {
        ToolResult result = await _tool.RunAsync("--version");

        Assert.Equal(
            typeof(ExitCodes).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion + "\n",
            result.Output);
        Assert.Equal(0, result.ExitCode);
    }

    public void Dispose() => _tool.Dispose();
}
