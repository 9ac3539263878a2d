using System.Security.Cryptography;
using System.Text;
using Glovebox.Docker.Engine;

namespace Glovebox.Tests.Unit.Docker;

/// <summary>The engine is found as the <c>docker</c> command finds it.</summary>
public sealed class EndpointResolverTests : IDisposable
{
    private readonly TestFolder _home = new();
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);
    private readonly HashSet<string> _sockets = new(StringComparer.Ordinal);

    public void Dispose() => _home.Dispose();

    private EngineEndpoint Resolve(string? address = null) =>
        new EndpointResolver(name => _variables.GetValueOrDefault(name), _home.Path, path => path.StartsWith(_home.Path, StringComparison.Ordinal) ? File.Exists(path) : _sockets.Contains(path)).Resolve(address);

    private void WriteContext(string name, string endpoint, bool hasCertificates = false)
    {
        string folder = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        Write($".docker/contexts/meta/{folder}/meta.json", $$$"""{"Name":"{{{name}}}","Metadata":{},"Endpoints":{"docker":{{{endpoint}}} } }""");
        if (hasCertificates)
        {
            Write($".docker/contexts/tls/{folder}/docker/ca.pem", "");
        }
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_home[path])!);
        File.WriteAllText(_home[path], text);
    }

    [Fact]
    public void Without_anything_it_is_the_systems_socket() => Assert.Equal("unix:///var/run/docker.sock", Resolve().Address.OriginalString);

    [Fact]
    public void The_option_goes_before_the_environment_and_that_before_the_context()
    {
        WriteContext("mine", """{"Host":"unix:///context.sock"}""");
        Write(".docker/config.json", """{"currentContext":"mine"}""");
        Assert.Equal("unix:///context.sock", Resolve().Address.OriginalString);
        _variables["DOCKER_CONTEXT"] = "default";
        Assert.Equal("unix:///var/run/docker.sock", Resolve().Address.OriginalString);
        _variables["DOCKER_HOST"] = "unix:///environment.sock";
        Assert.Equal("unix:///environment.sock", Resolve().Address.OriginalString);
        Assert.Equal("unix:///option.sock", Resolve("unix:///option.sock").Address.OriginalString);
        Assert.Equal("/plain.sock", Resolve("/plain.sock").Address.LocalPath);
        _variables["DOCKER_HOST"] = "";
        Assert.Equal("unix:///var/run/docker.sock", Resolve().Address.OriginalString);
    }

    [Fact]
    public void A_context_may_be_named_by_the_environment_and_lie_in_another_folder()
    {
        WriteContext("mine", """{"Host":"tcp://engine.example:2376"}""", hasCertificates: true);
        Directory.Move(_home[".docker"], _home["elsewhere"]);
        _variables["DOCKER_CONFIG"] = _home["elsewhere"];
        _variables["DOCKER_CONTEXT"] = "mine";
        EngineEndpoint endpoint = Resolve();
        Assert.Equal(("engine.example", 2376), (endpoint.Address.Host, endpoint.Address.Port));
        Assert.False(endpoint.Tls!.SkipsVerification);
        Assert.StartsWith(_home["elsewhere"], endpoint.Tls.Authority, StringComparison.Ordinal);
        Assert.Contains("mine", endpoint.Source, StringComparison.Ordinal);
    }

    [Fact]
    public void A_context_may_skip_the_verification()
    {
        WriteContext("mine", """{"Host":"tcp://engine.example:2376","SkipTLSVerify":true}""");
        _variables["DOCKER_CONTEXT"] = "mine";
        Assert.True(Resolve().Tls!.SkipsVerification);
    }

    [Fact]
    public void A_context_that_is_not_there_says_how_to_see_which_are()
    {
        _variables["DOCKER_CONTEXT"] = "missing";
        SandboxUnavailableException e = Assert.Throws<SandboxUnavailableException>(() => Resolve());
        Assert.Equal("docker-host-invalid", e.Code);
        Assert.Contains("docker context ls", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_that_is_no_json_names_its_file()
    {
        Write(".docker/config.json", "{");
        Assert.Contains(_home[".docker/config.json"], Assert.Throws<SandboxUnavailableException>(() => Resolve()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_context_without_an_address_is_an_error()
    {
        WriteContext("mine", "{}");
        _variables["DOCKER_CONTEXT"] = "mine";
        Assert.Equal("docker-host-invalid", Assert.Throws<SandboxUnavailableException>(() => Resolve()).Code);
    }

    [Fact]
    public void Tls_is_asked_for_by_the_environment()
    {
        Assert.Null(Resolve("tcp://engine.example").Tls);
        Assert.Equal(2375, Resolve("tcp://engine.example").Address.Port);
        _variables["DOCKER_TLS_VERIFY"] = "1";
        EngineEndpoint endpoint = Resolve("tcp://engine.example");
        Assert.Equal(2376, endpoint.Address.Port);
        Assert.Equal(_home[".docker/cert.pem"], endpoint.Tls!.Certificate);
        _variables["DOCKER_CERT_PATH"] = "/certificates";
        Assert.Equal("/certificates/key.pem", Resolve("tcp://engine.example").Tls!.Key);
        Assert.Null(Resolve("unix:///socket").Tls);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ftp://engine.example")]
    [InlineData("unix://")]
    [InlineData("npipe://x")]
    public void An_address_that_is_none_says_what_one_looks_like(string address)
    {
        SandboxUnavailableException e = Assert.Throws<SandboxUnavailableException>(() => Resolve(address));
        Assert.Equal("docker-host-invalid", e.Code);
        Assert.Contains("unix:///PATH", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_over_ssh_says_how_to_forward_it() =>
        Assert.Contains("ssh -nNT -L", Assert.Throws<SandboxUnavailableException>(() => Resolve("ssh://user@engine.example")).Hint, StringComparison.Ordinal);

    [Fact]
    public void A_named_pipe_is_an_address() => Assert.Equal("docker_engine", Resolve("npipe://./pipe/docker_engine").Address.Segments[2]);

    [Fact]
    public void A_rootless_engine_and_then_podman_are_found_where_the_systems_is_not()
    {
        _variables["XDG_RUNTIME_DIR"] = "/run/user/7";
        _sockets.Add("/run/podman/podman.sock");
        Assert.Equal("/run/podman/podman.sock", Resolve().Address.LocalPath);
        _sockets.Add("/run/user/7/podman/podman.sock");
        Assert.Equal("/run/user/7/podman/podman.sock", Resolve().Address.LocalPath);
        _sockets.Add("/run/user/7/docker.sock");
        Assert.Equal("/run/user/7/docker.sock", Resolve().Address.LocalPath);
        _sockets.Add("/var/run/docker.sock");
        Assert.Equal("/var/run/docker.sock", Resolve().Address.LocalPath);
    }
}
