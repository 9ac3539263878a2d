using Glovebox.Tests.Common.Egress;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>Programs get what a list allows, by the variables that they have, from servers of the test: by HTTP, by TLS that the proxy ends
/// (names below <c>good.test</c>), and by TLS to the server (<c>good.test</c>).</summary>
public sealed class RegistryTests(RegistryTests.Fixture fixture) : IClassFixture<RegistryTests.Fixture>
{
    public static TheoryData<string, string> Installations => new()
    {
        { "PIP_TRUSTED_HOST=pypi.good.test python3 -m pip install -i http://pypi.good.test:{http}/simple/ --target a gb-hello && PYTHONPATH=a python3 -c 'import gb_hello'", "hello from pip" },
        { "python3 -m pip install -i https://pypi.good.test:{https}/simple/ --target b gb-hello && PYTHONPATH=b python3 -c 'import gb_hello'", "hello from pip" },
        { "python3 -m pip install -i https://private.good.test:{https}/private/simple/ --target c gb-hello && PYTHONPATH=c python3 -c 'import gb_hello'", "hello from pip" },
        { "mkdir d; cd d; npm install --silent --registry http://npm.good.test:{http}/ gb-hello && node -e \"require('gb-hello')\"", "hello from npm" },
        { "mkdir e; cd e; npm install --silent --registry https://npm.good.test:{https}/ gb-hello && node -e \"require('gb-hello')\"", "hello from npm" },
        { "git clone -q http://git.good.test:{http}/hello.git f && cat f/README", "hello from git" },
        { "git clone -q https://git.good.test:{https}/hello.git g && cat g/README", "hello from git" },
    };

    public static TheoryData<string, string> Requests => new()
    {
        { "bash", "curl -sS http://any.good.test:{http}/" },
        { "bash", "curl -sS https://any.good.test:{https}/" },
        { "bash", "curl -sS --cacert authority.pem https://good.test:{https}/" },
        { "bash", "ALL_PROXY= HTTP_PROXY= http_proxy= curl -sS --socks5-hostname 127.0.0.1:3128 http://any.good.test:{http}/" },
        { "bash", "ALL_PROXY= HTTPS_PROXY= https_proxy= curl -sS --socks5-hostname 127.0.0.1:3128 https://any.good.test:{https}/" },
        { "python", "import urllib.request as u; print(u.urlopen('http://any.good.test:{http}/').read().decode())" },
        { "python", "import urllib.request as u; print(u.urlopen('https://any.good.test:{https}/').read().decode())" },
        { "python", "from pip._vendor import requests; print(requests.get('https://any.good.test:{https}/').text)" },
        { "python", """
            import http.client
            c = http.client.HTTPSConnection('127.0.0.1', 3128)
            c.set_tunnel('any.good.test', {https})
            c.request('GET', '/')
            print(c.getresponse().read().decode())
            """ },
        { "javascript", """
            const proxy = new URL(process.env.http_proxy);
            require('http').get({host: proxy.hostname, port: proxy.port, path: 'http://any.good.test:{http}/',
              headers: {Host: 'any.good.test:{http}'}}, r => r.pipe(process.stdout));
            """ },
        { "javascript", """
            const proxy = new URL(process.env.https_proxy);
            require('http').request({host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: 'any.good.test:{https}'})
              .on('connect', (_, socket) => require('https').get({host: 'any.good.test', path: '/', socket, agent: false,
                headers: {Host: 'any.good.test:{https}'}}, r => r.pipe(process.stdout)))
              .end();
            """ },
    };

    [Theory]
    [MemberData(nameof(Installations))]
    public async Task A_program_installs_from_a_registry_of_the_list(string command, string greeting)
    {
        CodeResult result = await fixture.Session.BashAsync(fixture.Registries.Address(command));
        Assert.Equal((0, greeting + "\n"), (result.ExitCode, result.Output));
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_program_gets_what_the_list_allows(string language, string code)
    {
        await fixture.Session.WriteAsync("authority.pem", fixture.Registries.Pem);
        CodeResult result = await fixture.Session.RunAsync(new CodeBlock(language, fixture.Registries.Address(code)));
        Assert.Equal((0, "hello"), (result.ExitCode, result.Output.TrimEnd()));
    }

    [Fact]
    public async Task DotNet_restores_a_package_and_asks_by_HttpClient()
    {
        CodeResult result = await fixture.Session.BashAsync(fixture.Registries.Address("""
            mkdir n; cd n
            echo '<configuration><packageSources><clear /><add key="x" value="https://nuget.good.test:{https}/v3/index.json" /></packageSources></configuration>' >nuget.config
            cat >p.cs <<'END'
            #:package Gb.Hello@1.0.0
            using HttpClient client = new();
            System.Console.WriteLine(await client.GetStringAsync("https://any.good.test:{https}/"));
            END
            dotnet run p.cs
            """));
        Assert.Equal((0, "hello\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task CSharp_runs_where_the_list_has_no_registry_for_it()
    {
        CodeResult result = await fixture.Session.RunAsync(new CodeBlock("csharp", "Console.WriteLine(\"hi\");"));
        Assert.Equal((0, "hi\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public void The_capabilities_say_who_enforces_the_list()
    {
        ControlCapability network = fixture.Session.Executor.GetService<SandboxCapabilities>()!.Controls.Single(c => c.Name == "network");
        Assert.Equal(EnforcementLevel.Full, network.Level);
        Assert.EndsWith("; a proxy on the host lets through what the list allows", network.Mechanism, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_set_up_has_its_own_network_and_not_the_proxy()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new()
        {
            Network = NetworkAccess.AllowList,
            TimeProvider = new RealClock(),
            Configure = options =>
            {
                fixture.Registries.Configure(options, "GET good.test:{https} private");
                options.Packages = ["gb-hello"];

                // An address that no variable excepts from a proxy.
                options.SetupEnvironment = new Dictionary<string, string>
                {
                    ["PIP_INDEX_URL"] = fixture.Registries.Address("http://127.1:{http}/simple/"),
                    ["PIP_TRUSTED_HOST"] = "127.1",
                };
            },
        });
        Assert.Equal("hello from pip\n", (await session.PythonAsync("import gb_hello")).Output);
    }

    [Theory]
    [InlineData("python3 -m pip install -i https://pypi.evil.test/simple/ gb-hello", "403")]
    [InlineData("npm install --registry https://npm.evil.test/ gb-hello", "403")]
    [InlineData("git clone https://git.evil.test/hello.git", "403")]
    [InlineData("curl -sS https://evil.test/", "403")]
    public async Task A_program_that_is_refused_fails_soon_and_says_so(string command, string message)
    {
        CodeResult result = await fixture.Session.BashAsync("cd /tmp\n" + command);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(message, result.Output, StringComparison.Ordinal);
        Assert.True(result.Blocks[0].Duration < TimeSpan.FromSeconds(15), $"{result.Blocks[0].Duration}: {result.Output}");
    }

    /// <summary>One sandbox, whose list has all the registries.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        internal Registries Registries { get; } = new();

        internal Session Session { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await Registries.MakeRepositoryAsync();
            Session = await Session.StartAsync(ExecutorKind.Bubblewrap, new()
            {
                Network = NetworkAccess.AllowList,
                TimeProvider = new RealClock(),
                Configure = options =>
                {
                    Registries.Configure(options, "*.good.test:{http} private", "good.test:{https} private", "GET,HEAD,POST *.good.test:{https} private");
                    options.Egress.Secrets.Add(new()
                    {
                        Name = "INDEX_TOKEN",
                        Value = Registries.Password,
                        Domains = [Registries.Address("private.good.test:{https}")],
                        Header = "Authorization: Bearer {value}",
                    });
                },
            });
        }

        public async ValueTask DisposeAsync()
        {
            await Session.DisposeAsync();
            await Registries.DisposeAsync();
        }
    }
}
