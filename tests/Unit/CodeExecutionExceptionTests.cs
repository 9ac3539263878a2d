namespace Glovebox.Tests.Unit;

/// <summary>What an error that is not handled prints.</summary>
public sealed class CodeExecutionExceptionTests
{
    [Fact]
    public void It_has_the_code_and_the_hint_right_after_the_message()
    {
        string[] lines = Thrown(new SandboxUnavailableException("bubblewrap-unavailable", "There is no bwrap.", "Install bubblewrap."))
            .Split(Environment.NewLine);
        Assert.Equal("Glovebox.SandboxUnavailableException: There is no bwrap. [bubblewrap-unavailable]", lines[0]);
        Assert.Equal("Hint: Install bubblewrap.", lines[1]);
        Assert.Contains(nameof(Thrown), lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_cause_follows_with_its_own_code_and_hint()
    {
        string text = Thrown(new SandboxLostException(
            "It ended.", innerException: new WorkspaceException("No room.", "Delete files.", new IOException("ENOSPC"))));
        Assert.StartsWith("Glovebox.SandboxLostException: It ended. [sandbox-lost]" + Environment.NewLine + " ---> ", text, StringComparison.Ordinal);
        Assert.Contains(
            "Glovebox.WorkspaceException: No room. [workspace]" + Environment.NewLine + "Hint: Delete files.", text, StringComparison.Ordinal);
        Assert.Contains("System.IO.IOException: ENOSPC", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kind_of_error_says_so()
    {
        CodeExecutionException[] errors =
        [
            new("x", "m", "h"), new PolicyNotEnforceableException("m", "h"), new SandboxLostException("m", "h"), new WorkspaceException("m", "h"),
            new FunctionSetupException("m", "h"), new SandboxUnavailableException("x", "m", "h"),
        ];
        Assert.All(errors, e => Assert.EndsWith($": m [{e.Code}]{Environment.NewLine}Hint: h", e.ToString(), StringComparison.Ordinal));
        Assert.EndsWith("ended. [executor-stopped]", new ExecutorStoppedException().ToString(), StringComparison.Ordinal);
    }

    private static string Thrown(Exception error)
    {
        try
        {
            throw error;
        }
        catch (CodeExecutionException e)
        {
            return e.ToString();
        }
    }
}
