using System.Text;
using Glovebox.Egress;
using Glovebox.Tests.Unit.Options;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Tests.Unit.Egress;

public sealed class SecretTests
{
    public static TheoryData<string, EgressSecret> Incomplete() => new()
    {
        { "Secrets: '' is no name", new EgressSecret { Value = "secret-value", Domains = ["good.test"] } },
        { "Secrets: '1A' is no name", new EgressSecret { Name = "1A", Value = "secret-value", Domains = ["good.test"] } },
        { "Secrets: 'A-B' is no name", new EgressSecret { Name = "A-B", Value = "secret-value", Domains = ["good.test"] } },
        { "Secrets: PATH is a variable that programs", new EgressSecret { Name = "PATH", Value = "secret-value", Domains = ["good.test"] } },
        { "Secrets: the value of KEY must be", new EgressSecret { Name = "KEY", Value = "short", Domains = ["good.test"] } },
        { "Secrets: the value of KEY must be", new EgressSecret { Name = "KEY", Value = "secret\r\nX: y", Domains = ["good.test"] } },
        { "Secrets: KEY has no domain.", new EgressSecret { Name = "KEY", Value = "secret-value" } },
        { "Secrets: 'http://good.test', a domain of KEY,", new EgressSecret { Name = "KEY", Value = "secret-value", Domains = ["http://good.test"] } },
        { "Secrets: 'good.test/a', a domain of KEY,", new EgressSecret { Name = "KEY", Value = "secret-value", Domains = ["good.test/a"] } },
        { "Secrets: the header of KEY", new EgressSecret { Name = "KEY", Value = "secret-value", Domains = ["good.test"], Header = "X: y" } },
        { "Secrets: the header of KEY", new EgressSecret { Name = "KEY", Value = "secret-value", Domains = ["good.test"], Header = "Host: {value}" } },
        { "Secrets: the header of KEY", new EgressSecret { Name = "KEY", Value = "secret-value", Domains = ["good.test"], Header = "X\r\nY: {value}" } },
        { "Secrets: the query parameter of KEY", new EgressSecret { Name = "KEY", Value = "secret-value", Domains = ["good.test"], QueryParameter = "a&b" } },
    };

    [Theory]
    [MemberData(nameof(Incomplete))]
    public void A_secret_that_is_incomplete_is_refused_without_its_value(string message, EgressSecret secret)
    {
        EgressOptions options = new() { Secrets = { secret } };
        ArgumentException error = Assert.Throws<ArgumentException>(() => options.Validate(new() { Network = NetworkAccess.AllowList }));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(secret.Value, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("good.test", 443, true)]
    [InlineData("good.test", 80, false)]
    [InlineData("good.test:80", 80, true)]
    [InlineData("*.good.test", 443, false)]
    public void A_domain_without_ports_gets_a_secret_by_TLS_alone(string domain, int port, bool gets)
    {
        Assert.True(HostName.TryParse("good.test", out HostName name));
        Assert.Equal(gets, new EgressSecret { Domains = [domain] }.Rules.Any(r => r.Covers(name, port)));
    }

    [Fact]
    public void A_list_without_effect_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new EgressOptions().Validate(new() { AllowedDomains = ["good.test"] }));
        Assert.Throws<ArgumentException>(
            () => new EgressOptions { Secrets = { new EgressSecret() } }.Validate(new() { Network = NetworkAccess.Full }));
    }

    [Fact]
    public void Secrets_are_read_from_configuration_and_never_written_to_it()
    {
        BubblewrapCommandLineCodeExecutorOptions read = new();
        Settings.Section(
            ("Policy:Network", "AllowList"), ("Policy:AllowedDomains:0", "api.test"), ("Egress:Secrets:0:Name", "KEY"),
            ("Egress:Secrets:0:Value", "secret-value"), ("Egress:Secrets:0:Domains:0", "api.test"),
            ("Egress:Secrets:0:Header", "X-Key: {value}"), ("Egress:Secrets:0:QueryParameter", "key")).Bind(read);
        EgressSecret secret = Assert.Single(read.Egress.Secrets);
        Assert.Equal(("KEY", "secret-value", "X-Key: {value}", "key"), (secret.Name, secret.Value, secret.Header, secret.QueryParameter));
        Assert.Equal(["api.test"], secret.Domains);
        Assert.Contains("Secrets", read.WhyNotWritable(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret-value", secret.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("the key is secret-value.", "the key is ************.", 0)]
    [InlineData("secret-valuesecret-value", "************************", 0)]
    [InlineData("it ends with secret-val", "it ends with secret-val", 10)]
    [InlineData("secret-valu, no", "secret-valu, no", 0)]
    [InlineData("s", "s", 1)]
    [InlineData("", "", 0)]
    public void Values_are_masked_and_what_may_begin_one_waits(string text, string masked, int waits)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        Assert.Equal(waits, new SecretMask([new EgressSecret { Value = "secret-value" }]).Apply(bytes));
        Assert.Equal(masked, Encoding.ASCII.GetString(bytes));
    }
}
