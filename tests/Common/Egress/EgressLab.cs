using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Glovebox.Egress;

namespace Glovebox.Tests.Common.Egress;

/// <summary>Servers of a test, with names of its own, and the options by which guest code may reach them.</summary>
internal sealed class EgressLab : IAsyncDisposable
{
    private readonly TestAuthority _authority = new();

    public EgressLab()
    {
        Plain = new EgressServer();
        Tls = new EgressServer(_authority.Server);
        Resolve = _ => [IPAddress.Loopback];
    }

    /// <summary>The server without TLS, whatever name it is asked by.</summary>
    public EgressServer Plain { get; }

    /// <summary>The server with TLS, for <c>good.test</c>, names below it, <c>api.test</c> and <c>evil.test</c>.</summary>
    public EgressServer Tls { get; }

    /// <summary>What names lead to: every name below <c>.test</c> to the host's loopback, unless a test wants something else.</summary>
    public Func<string, IPAddress[]> Resolve { get; set; }

    /// <summary>The names that were looked up.</summary>
    public ConcurrentQueue<string> Resolved { get; } = new();

    /// <summary>Makes certificates.</summary>
    public TestAuthority Authority => _authority;

    /// <summary>The certificate of the servers' authority.</summary>
    public string Pem => _authority.Pem;

    /// <summary>Puts the servers' ports in the place of <c>@</c>.</summary>
    public string Rule(string rule) => rule.Replace("@", $":{Plain.Port},{Tls.Port}", StringComparison.Ordinal);

    /// <summary>An address at the server without TLS.</summary>
    public string Http(string host, string path = "/") => $"http://{host}:{Plain.Port}{path}";

    /// <summary>An address at the server with TLS.</summary>
    public string Https(string host, string path = "/") => $"https://{host}:{Tls.Port}{path}";

    /// <summary>A policy with rules in which <c>@</c> stands for the servers' ports.</summary>
    public ExecutionPolicy Policy(params string[] rules) =>
        new() { Network = NetworkAccess.AllowList, AllowedDomains = [.. rules.Select(Rule)] };

    /// <summary>Has an executor's proxy find the servers and trust them.</summary>
    public void Configure(EgressOptions options)
    {
        options.AuthoritiesFile = _authority.PemFile;
        options.Resolve = ResolveAsync;
    }

    /// <summary>An executor whose guest code may reach what some rules allow; <c>@</c> stands for the servers' ports.</summary>
    public ExecutorSetup Setup(params string[] rules) => new ExecutorSetup { Network = NetworkAccess.AllowList, TimeProvider = new RealClock() }
        .And(options =>
        {
            options.Policy = options.Policy with { AllowedDomains = [.. rules.Select(Rule)] };
            Configure(options.Egress);
        });

    /// <summary>A secret for some hosts.</summary>
    public EgressSecret Secret(string value, string? header, params string[] domains) =>
        new() { Name = "API_KEY", Value = value, Header = header, Domains = [.. domains.Select(Rule)] };

    public async ValueTask DisposeAsync()
    {
        await Plain.DisposeAsync();
        await Tls.DisposeAsync();
        _authority.Dispose();
    }

    private Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        Resolved.Enqueue(name);
        return name.EndsWith(".test", StringComparison.Ordinal)
            ? Task.FromResult(Resolve(name))
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
    }
}
