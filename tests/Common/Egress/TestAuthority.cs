using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Glovebox.Tests.Common.Egress;

/// <summary>A certificate authority of a test, and the certificate that its servers have.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1", ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly TestFolder _folder = new();
    private readonly X509Certificate2 _authority;

    public TestAuthority()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset from = DateTimeOffset.UtcNow.AddDays(-1);
        _authority = AuthorityRequest("CN=Glovebox test authority", key).CreateSelfSigned(from, from.AddYears(1));
        Server = Certify(_authority, ServerUse, null, "good.test", "*.good.test", "api.test", "evil.test");
        PemFile = _folder["authority.pem"];
        File.WriteAllText(PemFile, _authority.ExportCertificatePem());
    }

    /// <summary>The certificate of the test's names.</summary>
    public X509Certificate2 Server { get; }

    /// <summary>A file with the authority's certificate.</summary>
    public string PemFile { get; }

    public string Pem => _authority.ExportCertificatePem();

    public void Dispose()
    {
        Server.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    /// <summary>A certificate of a name that is for clients.</summary>
    public X509Certificate2 ForClients(string name) => Certify(_authority, ClientUse, null, name);

    /// <summary>A certificate of an authority that nobody knows, which says where its own certificate is.</summary>
    public static X509Certificate2 OfUnknown(string name, string issuerAt)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset from = DateTimeOffset.UtcNow.AddDays(-1);
        using X509Certificate2 unknown = AuthorityRequest("CN=Unknown authority", key).CreateSelfSigned(from, from.AddYears(1));
        return Certify(unknown, ServerUse, issuerAt, name);
    }

    private static CertificateRequest AuthorityRequest(string name, ECDsa key)
    {
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request;
    }

    private static X509Certificate2 Certify(X509Certificate2 authority, string use, string? issuerAt, params string[] names)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=Glovebox test server", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder all = new();
        Array.ForEach(names, all.AddDnsName);
        request.CertificateExtensions.Add(all.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        if (issuerAt is not null)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([], [issuerAt]));
        }

        using X509Certificate2 signed = request.Create(authority, authority.NotBefore, authority.NotAfter, RandomNumberGenerator.GetBytes(16));
        return signed.CopyWithPrivateKey(key);
    }
}
