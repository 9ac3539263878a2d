using System.IO.Pipes;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using global::Docker.DotNet.Handler.Abstractions;
using Microsoft.Extensions.Logging;

namespace Glovebox.Docker.Engine;

/// <summary>Connects to an engine. One HTTP handler serves every kind of address; only how it connects differs.</summary>
internal sealed class EngineTransport : IDockerHandlerFactory<EngineEndpoint>
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    public ResolvedTransport CreateHandler(ResolvedClientOptions clientOptions, ILogger logger) =>
        throw new NotSupportedException("The endpoint says how to connect.");

    /// <exception cref="SandboxUnavailableException">The TLS files cannot be used.</exception>
    public ResolvedTransport CreateHandler(EngineEndpoint transportOptions, ResolvedClientOptions clientOptions, ILogger logger)
    {
        Uri address = transportOptions.Address;
        SocketsHttpHandler handler = new()
        {
            ConnectTimeout = ConnectTimeout,
            UseProxy = !transportOptions.IsLocal,

            // Each attached container holds a connection of its own.
            MaxConnectionsPerServer = int.MaxValue,
        };
        if (transportOptions.IsLocal)
        {
            handler.ConnectCallback = transportOptions.IsUnixSocket
                ? (_, cancellationToken) => ConnectSocketAsync(address.LocalPath, cancellationToken)
                : (_, cancellationToken) => ConnectPipeAsync(address, cancellationToken);

            // A socket or a pipe has no host name, but HTTP wants one.
            return new ResolvedTransport(handler, new Uri("http://docker"));
        }

        if (transportOptions.Tls is { } tls)
        {
            handler.SslOptions = Authentication(tls);
        }

        string scheme = transportOptions.Tls is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        return new ResolvedTransport(handler, new UriBuilder(address) { Scheme = scheme }.Uri);
    }

    public async Task<WriteClosableStream> HijackStreamAsync(HttpContent content) =>
        new HijackedStream(await content.ReadAsStreamAsync().ConfigureAwait(false));

    private static async ValueTask<Stream> ConnectSocketAsync(string path, CancellationToken cancellationToken)
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

    private static async ValueTask<Stream> ConnectPipeAsync(Uri address, CancellationToken cancellationToken)
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
    private static SslClientAuthenticationOptions Authentication(EngineTls tls)
    {
        SslClientAuthenticationOptions options = new();
        try
        {
            if (File.Exists(tls.Certificate))
            {
                options.ClientCertificates = [X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key)];
            }

            if (tls.SkipsVerification)
            {
#pragma warning disable CA5359 // No certificate is checked: the user's own choice, by docker context create … skip-tls-verify=true.
                options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
            }
            else if (File.Exists(tls.Authority))
            {
                options.CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                };
                options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(tls.Authority);
            }
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SandboxUnavailableException(
                "docker-tls-invalid",
                $"The TLS files of the Docker engine in '{tls.Folder}' cannot be used: {e.Message}",
                "The folder must hold cert.pem and key.pem, which belong together, and ca.pem; DOCKER_CERT_PATH names it.",
                e);
        }

        return options;
    }
}
