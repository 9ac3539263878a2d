using Glovebox.Sandboxes.Bubblewrap;

namespace Glovebox.Tests.Unit.Bubblewrap;

/// <summary>What is said when bwrap could not make a sandbox.</summary>
public sealed class SandboxErrorsTests
{
    [Theory]
    [InlineData("bwrap: Can't mount proc on /newroot/proc: Operation not permitted")]
    [InlineData("bwrap: Can't mount proc on /proc: Operation not permitted")]
    public void In_a_container_that_hides_parts_of_proc_the_option_that_helps_is_named(string printed)
    {
        SandboxUnavailableException e = Explain(printed);
        Assert.Equal("user-namespaces-forbidden", e.Code);
        Assert.Contains(printed, e.Message, StringComparison.Ordinal);
        Assert.Contains("--security-opt systempaths=unconfined", e.Hint, StringComparison.Ordinal);
        Assert.Contains("--security-opt unmask=ALL", e.Hint, StringComparison.Ordinal);
        Assert.Contains("procMount: Unmasked", e.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("sysctl", e.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bwrap: setting up uid map: Permission denied")]
    [InlineData("bwrap: No permissions to create a new namespace")]
    public void Where_namespaces_are_forbidden_the_settings_that_help_are_named(string printed)
    {
        SandboxUnavailableException e = Explain(printed);
        Assert.Equal("user-namespaces-forbidden", e.Code);
        Assert.Contains("sysctl -w user.max_user_namespaces", e.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("systempaths", e.Hint, StringComparison.Ordinal);
    }

    private static SandboxUnavailableException Explain(string printed) =>
        SandboxErrors.Explain(new SandboxStartException(1, printed + "\n", null), "/srv/work", "/srv/work");
}
