using Glovebox.Languages;

namespace Glovebox.Tests.Unit.Execution;

/// <summary>Which lines of a shell script are made quiet.</summary>
public sealed class PipQuietingTests
{
    [Theory]
    [InlineData("pip install x", "pip install -qqq x")]
    [InlineData("! pip install x", "! pip install -qqq x")]
    [InlineData("!pip install x", "!pip install -qqq x")]
    [InlineData("cd x\npip install y\npip install z\n", "cd x\npip install -qqq y\npip install -qqq z\n")]
    public void An_installation_at_the_start_of_a_line_is(string code, string quiet) => Assert.Equal(quiet, PipQuieting.Apply(code));

    [Theory]
    [InlineData("pip install -qqq x")]
    [InlineData("pip install x -qqq")]
    [InlineData("echo pip install x")]
    [InlineData("  pip install x")]
    [InlineData("pip installer x")]
    [InlineData("pip uninstall x")]
    [InlineData("")]
    public void Anything_else_is_not(string code) => Assert.Equal(code, PipQuieting.Apply(code));
}
