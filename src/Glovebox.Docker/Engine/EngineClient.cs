using System.IO.Pipes;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using global::Docker.DotNet;
using global::Docker.DotNet.Handler.Abstractions;
using global::Docker.DotNet.NativeHttp;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Docker.Engine;

/// <summary>Makes clients of an engine. One HTTP handler serves every kind of address; only how it connects differs.</summary>
internal static class EngineClient
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>For the calls that answer at once; a stream and a pull take as long as they take.</summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(100);

    /// <exception cref="EnvironmentUnavailableException">The TLS files cannot be used.</exception>
    public static DockerClient Create(EngineEndpoint endpoint)
    {
        ClientOptions options = new()
        {
            // A socket or a pipe has no host name, but HTTP wants one.
            Endpoint = endpoint.IsLocal ? new Uri("http://docker") : endpoint.Address,
            AuthProvider = endpoint.Tls is { } tls ? new TlsAuthentication(tls) : NoopAuthProvider.Instance,
            Timeout = CallTimeout,
        };
        NativeHttpTransportOptions transport = new()
        {
            ConfigureHandler = handler =>
            {
                handler.UseProxy = !endpoint.IsLocal;
                handler.ConnectTimeout = ConnectTimeout;

                // Each attached container holds a connection of its own.
                handler.MaxConnectionsPerServer = int.MaxValue;
                if (endpoint.IsLocal)
                {
                    handler.ConnectCallback = async (_, cancellationToken) => endpoint.IsUnixSocket
                        ? await ConnectSocketAsync(endpoint.Address.LocalPath, cancellationToken).ConfigureAwait(false)
                        : await ConnectPipeAsync(endpoint.Address, cancellationToken).ConfigureAwait(false);
                }
            },
        };
        return new DockerClientBuilder<NativeHttpTransportOptions>(DockerHandlerFactory.Instance, transport, options, NullLogger.Instance).Build();
    }

    private static async Task<Stream> ConnectSocketAsync(string path, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<Stream> ConnectPipeAsync(Uri address, CancellationToken cancellationToken)
    {
        string server = address.Host is "" or "localhost" ? "." : address.Host;
        NamedPipeClientStream pipe = new(server, address.Segments[2], PipeDirection.InOut, PipeOptions.Asynchronous);
        try
        {
            await pipe.ConnectAsync(ConnectTimeout, cancellationToken).ConfigureAwait(false);
            return pipe;
        }
        catch
        {
            await pipe.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Identifies both ends by the PEM files that the <c>docker</c> command uses.</summary>
    private sealed class TlsAuthentication : IAuthProvider
    {
        private readonly SslClientAuthenticationOptions _options = new();

        public TlsAuthentication(EngineTls tls)
        {
            try
            {
                if (File.Exists(tls.Certificate))
                {
                    _options.ClientCertificates = [X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key)];
                }

                if (tls.SkipsVerification)
                {
                    // The user's own choice, made in a context: docker context create … skip-tls-verify=true.
#pragma warning disable CA5359
                    _options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
                }
                else if (File.Exists(tls.Authority))
                {
                    _options.CertificateChainPolicy = new X509ChainPolicy
                    {
                        TrustMode = X509ChainTrustMode.CustomRootTrust,
                        RevocationMode = X509RevocationMode.NoCheck,
                    };
                    _options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(tls.Authority);
                }
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                throw new EnvironmentUnavailableException(
                    "docker-tls-invalid",
                    $"The TLS files of the Docker engine in '{tls.Folder}' cannot be used: {e.Message}",
                    "The folder must hold cert.pem and key.pem, which belong together, and ca.pem; DOCKER_CERT_PATH names it.",
                    e);
            }
        }

        public bool TlsEnabled => true;

        public HttpMessageHandler ConfigureHandler(HttpMessageHandler handler)
        {
            ((SocketsHttpHandler)handler).SslOptions = _options;
            return handler;
        }
    }
}
