using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Glovebox.Egress;

/// <summary>The certificate authority of one sandbox, which nobody else trusts. Its key stays here.</summary>
internal sealed class SandboxAuthority : IDisposable
{
    private const int MaxHosts = 1000;

    private readonly X509Certificate2 _authority;
    private readonly ConcurrentDictionary<HostName, SslStreamCertificateContext> _hosts = new();
    private readonly DateTimeOffset _from;

    public SandboxAuthority(TimeProvider time)
    {
        // Clocks of containers differ a little.
        _from = time.GetUtcNow().AddHours(-1);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=Glovebox sandbox", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(_from, _from.AddYears(1));
    }

    /// <summary>Gets its certificate, without its key.</summary>
    public string Pem => _authority.ExportCertificatePem();

    /// <summary>Gives how TLS is ended for a host.</summary>
    public SslServerAuthenticationOptions OptionsFor(HostName host)
    {
        if (_hosts.Count >= MaxHosts)
        {
            _hosts.Clear();
        }

        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _hosts.GetOrAdd(host, Certify),
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        };
    }

    public void Dispose() => _authority.Dispose();

    private SslStreamCertificateContext Certify(HostName host)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=Glovebox", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        if (host.Address is { } address)
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(host.Text);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
                _authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using X509Certificate2 signed = request.Create(_authority, _from, _authority.NotAfter, RandomNumberGenerator.GetBytes(16));
        return SslStreamCertificateContext.Create(signed.CopyWithPrivateKey(key), additionalCertificates: null, offline: true);
    }
}
