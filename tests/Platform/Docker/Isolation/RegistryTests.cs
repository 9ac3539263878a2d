using Glovebox.Tests.Common.Egress;
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Isolation;

/// <summary>Code in a container reaches what a list allows, and nothing else.</summary>
public sealed class RegistryTests
{
    [Fact]
    public async Task Pip_installs_in_the_set_up_and_by_the_list_with_a_secret_that_code_does_not_see()
    {
        await using Registries registries = new();
        await using Session session = await Session.StartAsync(DockerKind.Agent, new()
        {
            Network = NetworkAccess.AllowList,
            TimeProvider = new RealClock(),
            Configure = options =>
            {
                registries.Configure(options, "*.good.test:{https} private");
                ((DockerCommandLineCodeExecutorOptions)options).InitCommand = "test -z \"$HTTPS_PROXY$SSL_CERT_FILE\"";
                options.Egress.Secrets.Add(new()
                {
                    Name = "INDEX_TOKEN",
                    Value = registries.Password,
                    Domains = [registries.Address("private.good.test:{https}")],
                    Header = "Authorization: Bearer {value}",
                });
            },
        });
        CodeResult result = await session.BashAsync(registries.Address("""
            python3 -m pip install -i https://private.good.test:{https}/private/simple/ --target /tmp/a gb-hello
            PYTHONPATH=/tmp/a python3 -c 'import gb_hello'
            env
            """));
        Assert.StartsWith("hello from pip\n", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(registries.Password, result.Output, StringComparison.Ordinal);
        CodeResult refused = await session.PythonAsync("import urllib.request; urllib.request.urlopen('https://evil.test/')");
        Assert.Contains("403 evil.test:443 is not an allowed domain.", refused.Output, StringComparison.Ordinal);
    }
}
