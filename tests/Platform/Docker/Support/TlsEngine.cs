using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Glovebox.Tests.Platform.Docker.Support;

/// <summary>The engine of the tests behind TCP with TLS, as one on another machine is: both sides show certificates of one
/// authority.</summary>
public sealed class TlsEngine : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly X509Certificate2 _authority;
    private readonly X509Certificate2 _server;
    private readonly string _socket;
    private readonly Task _accepting;

    private TlsEngine(string socket)
    {
        _socket = socket;
        _authority = Authority();
        _server = Issue("127.0.0.1");
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"tcp://{_listener.LocalEndpoint}";

    public static async Task<TlsEngine> StartAsync()
    {
        string address = await DockerCommand.RunAsync("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}");
        return new TlsEngine(new Uri(Environment.GetEnvironmentVariable("DOCKER_HOST") ?? address).LocalPath);
    }

    /// <summary>Writes what a client needs, as <c>DOCKER_CERT_PATH</c> has it.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="isTrusted">Whether the client's certificate is one of our authority.</param>
    /// <param name="trusts">Whether the client is told of our authority, or of another.</param>
    public void WriteCertificates(string folder, bool isTrusted = true, bool trusts = true)
    {
        using X509Certificate2 other = Authority();
        using X509Certificate2 client = Issue("client", isTrusted ? _authority : other);
        File.WriteAllText(Path.Combine(folder, "ca.pem"), (trusts ? _authority : other).ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "cert.pem"), client.ExportCertificatePem());
        using ECDsa key = client.GetECDsaPrivateKey()!;
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
        _authority.Dispose();
        _server.Dispose();
        _ending.Dispose();
    }

    private static X509Certificate2 Authority()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN=authority {Guid.NewGuid():n}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private X509Certificate2 Issue(string name, X509Certificate2? authority = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 issued = request.Create(
            authority ?? _authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_ending.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using SslStream secure = new(client.GetStream());
            await secure.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = _server,
                    ClientCertificateRequired = true,
                    RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && IsOurs(shown),
                },
                _ending.Token);
            using Socket engine = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await engine.ConnectAsync(new UnixDomainSocketEndPoint(_socket), _ending.Token);
            using NetworkStream plain = new(engine);
            await Task.WhenAny(secure.CopyToAsync(plain, _ending.Token), plain.CopyToAsync(secure, _ending.Token));
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException)
        {
            // The client is gone, or was refused.
        }
        finally
        {
            client.Dispose();
        }
    }

    private bool IsOurs(X509Certificate shown)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build((X509Certificate2)shown);
    }
}
