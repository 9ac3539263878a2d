namespace Glovebox.Tests.Unit.Options;

/// <summary>Options of one execution.</summary>
public sealed class CodeExecutionOptionsTests
{
    [Fact]
    public void By_default_an_execution_has_nothing_of_its_own()
    {
        CodeExecutionOptions options = new();
        Assert.Null(options.Timeout);
        Assert.Equal(0, options.StandardInput.Length);
        Assert.Empty(options.Arguments);
        Assert.Empty(options.Environment);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    [InlineData(2_147_484)]
    public void A_time_that_cannot_be_kept_is_refused(double seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>("Timeout", () => new CodeExecutionOptions { Timeout = TimeSpan.FromSeconds(seconds) });

    [Fact]
    public void No_limit_is_a_time() =>
        Assert.Equal(Timeout.InfiniteTimeSpan, new CodeExecutionOptions { Timeout = Timeout.InfiniteTimeSpan }.Timeout);

    [Fact]
    public void What_no_program_takes_is_refused()
    {
        Assert.Throws<ArgumentException>(
            "StandardInput", () => new CodeExecutionOptions { StandardInput = new byte[CodeExecutionOptions.MaxStandardInput + 1] });
        Assert.Throws<ArgumentNullException>("Arguments", () => new CodeExecutionOptions { Arguments = null! });
        Assert.Throws<ArgumentException>("Arguments", () => new CodeExecutionOptions { Arguments = ["a", null!] });
        Assert.Throws<ArgumentException>("Arguments", () => new CodeExecutionOptions { Arguments = ["a\0"] });
        Assert.Throws<ArgumentNullException>("Environment", () => new CodeExecutionOptions { Environment = null! });
        Assert.Throws<ArgumentException>(() => new CodeExecutionOptions { Environment = new Dictionary<string, string> { ["A=B"] = "" } });
        Assert.Throws<ArgumentException>(() => new CodeExecutionOptions { Environment = new Dictionary<string, string> { ["A"] = null! } });
    }

    [Fact]
    public void Later_changes_of_what_was_given_have_no_effect()
    {
        List<string> arguments = ["a"];
        Dictionary<string, string> variables = new() { ["A"] = "1" };
        CodeExecutionOptions options = new() { Arguments = arguments, Environment = variables };
        arguments.Clear();
        variables.Clear();
        Assert.Equal(["a"], options.Arguments);
        Assert.Equal("1", options.Environment["A"]);
    }
}
