using global::Docker.DotNet;
using global::Docker.DotNet.Handler.Abstractions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Docker.Engine;

/// <summary>Makes clients of an engine.</summary>
internal static class EngineClient
{
    /// <summary>For the calls that answer at once; a stream and a pull take as long as they take.</summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(100);

    /// <exception cref="SandboxUnavailableException">The TLS files cannot be used.</exception>
    public static DockerClient Create(EngineEndpoint endpoint)
    {
        ClientOptions options = new() { Endpoint = endpoint.Address, Timeout = CallTimeout };
        return new DockerClientBuilder<EngineEndpoint>(EngineTransport.Instance, endpoint, options, NullLogger.Instance).Build();
    }
}
