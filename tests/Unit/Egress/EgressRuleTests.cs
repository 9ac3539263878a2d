using Glovebox.Egress;

namespace Glovebox.Tests.Unit.Egress;

public sealed class EgressRuleTests
{
    [Theory]
    [InlineData("good.test", "good.test", 443, true)]
    [InlineData("good.test", "GOOD.test.", 80, true)]
    [InlineData("good.test", "good.test", 8080, false)]
    [InlineData("good.test", "a.good.test", 443, false)]
    [InlineData("good.test", "good.test.evil.test", 443, false)]
    [InlineData("good.test", "evilgood.test", 443, false)]
    [InlineData("*.good.test", "a.good.test", 443, true)]
    [InlineData("*.good.test", "a.b.good.test", 443, true)]
    [InlineData("*.good.test", "good.test", 443, false)]
    [InlineData("*.good.test", "evilgood.test", 443, false)]
    [InlineData("good.test:8080,8081", "good.test", 8081, true)]
    [InlineData("good.test:8080,8081", "good.test", 443, false)]
    [InlineData("bücher.test", "xn--bcher-kva.test", 443, true)]
    [InlineData("192.0.2.1:25 tcp", "192.0.2.1", 25, true)]
    [InlineData("192.0.2.1", "[::ffff:192.0.2.1]", 443, true)]
    [InlineData("[2001:db8::1]:8080", "[2001:db8:0::1]", 8080, true)]
    [InlineData("*.0.2.example", "1.0.2.example", 443, true)]
    public void A_rule_speaks_of_a_host_and_ports(string rule, string host, int port, bool isOfIt)
    {
        Assert.True(HostName.TryParse(host, out HostName name));
        Assert.Equal(isOfIt, EgressRule.Parse(rule).Covers(name, port));
    }

    [Theory]
    [InlineData("GET good.test", "GET", "/x", true)]
    [InlineData("GET good.test", "POST", "/x", false)]
    [InlineData("GET,HEAD good.test", "HEAD", "/x", true)]
    [InlineData("good.test/v1", "GET", "/v1", true)]
    [InlineData("good.test/v1", "GET", "/v1/x", true)]
    [InlineData("good.test/v1", "GET", "/v10", false)]
    [InlineData("good.test/v1/", "GET", "/v1", false)]
    [InlineData("good.test/v1/", "GET", "/v1/x", true)]
    [InlineData("GET good.test/v1", "PUT", "/v1", false)]
    [InlineData("good.test/", "PUT", "/anything", true)]
    public void A_rule_may_name_methods_and_the_beginning_of_a_path(string rule, string method, string path, bool allows) =>
        Assert.Equal(allows, EgressRule.Parse(rule).Allows(method, path));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("private")]
    [InlineData("http://good.test")]
    [InlineData("good.test,evil.test")]
    [InlineData("good.*.test")]
    [InlineData("*good.test")]
    [InlineData("**.good.test")]
    [InlineData("*")]
    [InlineData("*.test")]
    [InlineData("*.192.0.2.1")]
    [InlineData("good.test:0")]
    [InlineData("good.test:65536")]
    [InlineData("good.test:")]
    [InlineData("good.test:http")]
    [InlineData("2001:db8::1")]
    [InlineData("0x7f.1")]
    [InlineData("get good.test")]
    [InlineData("CONNECT good.test")]
    [InlineData("GET POST good.test")]
    [InlineData("good.test/a/../b")]
    [InlineData("good.test/a?b=c")]
    [InlineData("good.test/a%2fb")]
    [InlineData("good.test/a tcp")]
    [InlineData("GET good.test tcp")]
    [InlineData("user@good.test")]
    [InlineData("good.test public")]
    [InlineData("good\0.test")]
    public void What_is_no_rule_is_refused_when_it_is_set_and_shown(string rule)
    {
        ExecutionPolicy policy = new();
        ArgumentException error = Assert.Throws<ArgumentException>(() => policy.AllowedDomains = ["fine.test", rule]);
        Assert.StartsWith($"AllowedDomains: '{WorkspacePath.Printable(rule)}' is no rule: ", error.Message, StringComparison.Ordinal);
        Assert.Empty(policy.AllowedDomains);
    }

    [Fact]
    public void An_address_for_a_rule_is_told_what_to_write() => Assert.Contains(
        "without http:// or https://",
        Assert.Throws<ArgumentException>(() => EgressRule.Parse("https://good.test/v1")).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("pypi", "files.pythonhosted.org")]
    [InlineData("PyPI", "pypi.org")]
    [InlineData("npm", "registry.npmjs.org")]
    [InlineData("nuget", "api.nuget.org")]
    [InlineData("crates", "static.crates.io")]
    [InlineData("debian", "deb.debian.org")]
    public void The_names_of_registries_stand_for_their_hosts(string rule, string host)
    {
        Assert.True(HostName.TryParse(host, out HostName name));
        Assert.Single(new EgressPolicy([rule]).For(name, 443));
    }

    [Theory]
    [InlineData("/a/b?c=/../d", "/a/b")]
    [InlineData("/", "/")]
    [InlineData("/a/", "/a/")]
    [InlineData("/%61", "/a")]
    [InlineData("/a%2fb", null)]
    [InlineData("/a%5cb", null)]
    [InlineData("/%2e%2e/a", null)]
    [InlineData("/a/..", null)]
    [InlineData("/a/./b", null)]
    [InlineData("//a", null)]
    [InlineData("/a//b", null)]
    [InlineData("/a;x/b", null)]
    [InlineData("/a\\b", null)]
    [InlineData("/%252e", null)]
    [InlineData("/a%00", null)]
    [InlineData("a", null)]
    [InlineData("*", null)]
    public void A_path_that_servers_may_read_differently_is_none(string target, string? path) =>
        Assert.Equal(path, RequestPath.Normalize(target));
}
