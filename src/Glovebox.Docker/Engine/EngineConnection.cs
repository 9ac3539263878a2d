using global::Docker.DotNet;
using global::Docker.DotNet.Handler.Abstractions;
using global::Docker.DotNet.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Docker.Engine;

/// <summary>A client of an engine that has answered.</summary>
internal sealed class EngineConnection : IDisposable
{
    /// <summary>Docker 20.10, of December 2020. Podman 3 and later say as much.</summary>
    private static readonly System.Version OldestApi = new(1, 40);

    /// <summary>For the calls that answer at once; a stream and a pull take as long as they take.</summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(100);

    private EngineConnection(EngineEndpoint endpoint, DockerClient client, VersionResponse version, SystemInfoResponse info)
    {
        Endpoint = endpoint;
        Client = client;
        Info = info;
        Version = version.Version ?? "";
        IsPodman = version.Components?.Any(c => c.Name?.Contains("Podman", StringComparison.OrdinalIgnoreCase) ?? false) ?? false;
    }

    public EngineEndpoint Endpoint { get; }

    public DockerClient Client { get; }

    public SystemInfoResponse Info { get; }

    public string Version { get; }

    public bool IsPodman { get; }

    /// <summary>Whether the engine runs as its user.</summary>
    public bool IsRootless => HasSecurityOption("rootless");

    /// <summary>Whether the engine can filter system calls.</summary>
    public bool HasSeccomp => HasSecurityOption("seccomp");

    /// <summary>Finds the engine, at an address that goes before all else if there is one, and asks it what it is.</summary>
    /// <exception cref="CodeExecutionException">No engine answers, or it cannot be used.</exception>
    public static async Task<EngineConnection> OpenAsync(string? address, CancellationToken cancellationToken)
    {
        EngineEndpoint endpoint = EndpointResolver.OfThisProcess.Resolve(address);
        ClientOptions options = new() { Endpoint = endpoint.Address, Timeout = CallTimeout };
        DockerClient client = new DockerClientBuilder<EngineEndpoint>(
            new EngineTransport(), endpoint, options, NullLogger.Instance).Build();
        try
        {
            // A connection each: at once.
            Task<VersionResponse> version = client.System.GetVersionAsync(cancellationToken);
            Task<SystemInfoResponse> info = client.System.GetSystemInfoAsync(cancellationToken);
            await Task.WhenAll(version, info).ConfigureAwait(false);
            EngineConnection connection = new(endpoint, client, await version.ConfigureAwait(false), await info.ConfigureAwait(false));
            connection.Check((await version.ConfigureAwait(false)).APIVersion);
            return connection;
        }
        catch (Exception e)
        {
            client.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            if (EngineErrors.Explain(e, endpoint) is { } explained)
            {
                throw explained;
            }

            throw;
        }
    }

    public void Dispose() => Client.Dispose();

    private bool HasSecurityOption(string name) => Info.SecurityOptions?.Any(o => o.Contains(name, StringComparison.Ordinal)) ?? false;

    private void Check(string? api)
    {
        if (!System.Version.TryParse(api, out System.Version? version) || version < OldestApi)
        {
            string shown = WorkspacePath.Printable(api ?? "unknown");
            throw new SandboxUnavailableException(
                "docker-too-old",
                $"The Docker engine at {Endpoint} is too old: its API is {shown}, and {OldestApi} is needed.",
                "Update it to Docker 20.10 or later: https://docs.docker.com/engine/install/");
        }

        if (Info.OSType is { Length: > 0 } system && system != "linux")
        {
            throw new SandboxUnavailableException(
                "docker-not-linux",
                $"The Docker engine at {Endpoint} runs {WorkspacePath.Printable(system)} containers; Linux containers are needed.",
                "Switch Docker Desktop to Linux containers.");
        }
    }
}
