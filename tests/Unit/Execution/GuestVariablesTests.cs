using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Local;

namespace Glovebox.Tests.Unit.Execution;

/// <summary>Which variables guest programs have beside those that the caller names.</summary>
public sealed class GuestVariablesTests
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void Without_a_network_programs_try_it_once()
    {
        Dictionary<string, string> offline = GuestVariables.Defaults(hasNetwork: false, None);
        Assert.Equal(("0", "0", "off"), (offline["PIP_RETRIES"], offline["npm_config_fetch_retries"], offline["PIP_PROGRESS_BAR"]));
        Dictionary<string, string> online = GuestVariables.Defaults(hasNetwork: true, None);
        Assert.Equal("off", online["PIP_PROGRESS_BAR"]);
        Assert.DoesNotContain("PIP_RETRIES", online.Keys);
        Assert.DoesNotContain("npm_config_fetch_retries", online.Keys);
    }

    [Theory]
    [InlineData("PIP_RETRIES", "PIP_RETRIES")]
    [InlineData("PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT")]
    [InlineData("NPM_CONFIG_FETCH_RETRIES", "npm_config_fetch_retries")]
    [InlineData("GIT_TERMINAL_PROMPT", "GIT_TERMINAL_PROMPT")]
    public void A_variable_that_the_caller_names_is_left_to_the_caller(string named, string left)
    {
        Assert.Contains(left, GuestVariables.Defaults(hasNetwork: false, None).Keys);
        Assert.DoesNotContain(
            left, GuestVariables.Defaults(hasNetwork: false, new Dictionary<string, string> { [named] = "x" }).Keys);
    }

    [Fact]
    public void Nothing_silences_what_pip_is_asked_for() =>
        Assert.DoesNotContain("PIP_QUIET", GuestVariables.Defaults(hasNetwork: false, None).Keys);

    [Fact]
    public void On_the_host_programs_are_quiet_too_unless_the_host_or_the_caller_says_otherwise()
    {
        Dictionary<string, string?> environment = [];
        new LocalVariables(new Dictionary<string, string> { ["PIP_NO_INPUT"] = "0" }, null).Apply(environment);
        Assert.Equal("0", environment["PIP_NO_INPUT"]);
        foreach ((string name, string value) in GuestVariables.Quiet.Where(v => v.Key != "PIP_NO_INPUT"))
        {
            bool isTheHosts = Environment.GetEnvironmentVariable(name) is not null;
            Assert.Equal((name, isTheHosts ? null : value), (name, environment.GetValueOrDefault(name)));
        }
    }
}
