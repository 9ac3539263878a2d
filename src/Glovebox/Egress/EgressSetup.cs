using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Glovebox.Egress;

/// <summary>What a sandbox gets for its egress proxy before guest code runs in it.</summary>
internal sealed class EgressSetup
{
    /// <summary>Where the certificates are that guest programs trust: the image's, and that of the sandbox's own authority.</summary>
    private const string Certificates = "/tmp/.glovebox-certificates.pem";

    private static readonly string[] ProxyVariables =
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

    /// <summary>By which OpenSSL and Python, requests, curl, pip, Node.js, npm, git, Cargo and AWS's clients find certificates.</summary>
    private static readonly string[] CertificateVariables =
    [
        "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "npm_config_cafile", "GIT_SSL_CAINFO",
        "CARGO_HTTP_CAINFO", "AWS_CA_BUNDLE",
    ];

    public EgressSetup(ExecutionPolicy policy, EgressOptions options)
    {
        Policy = new EgressPolicy(policy.AllowedDomains);
        Options = options;
        Authorities = options.ReadAuthorities();
    }

    public EgressPolicy Policy { get; }

    /// <summary>Whether a variable of this name is not for secrets: programs find the proxy or themselves by it.</summary>
    public static bool Takes(string name) => name is "PATH" or "HOME" or "NO_PROXY" or "no_proxy"
        || ProxyVariables.Contains(name) || CertificateVariables.Contains(name);

    public EgressOptions Options { get; }

    /// <summary>The authorities by which servers are known beside those that the host trusts.</summary>
    public X509Certificate2Collection Authorities { get; }

    /// <summary>Whether the proxy ends TLS for some hosts.</summary>
    public bool EndsTls => Policy.LimitsRequests || Options.Secrets.Count > 0;

    /// <summary>The variables that lead guest programs to the proxy.</summary>
    public IEnumerable<KeyValuePair<string, string>> Variables()
    {
        // An HTTP proxy for everything: some clients fail at the start when a variable names a SOCKS proxy, which they need a package for.
        foreach (string name in ProxyVariables)
        {
            yield return new(name, $"http://127.0.0.1:{EgressProxy.Port}");
        }

        yield return new("NO_PROXY", "localhost,127.0.0.1,::1");
        yield return new("no_proxy", "localhost,127.0.0.1,::1");
        yield return new("NODE_USE_ENV_PROXY", "1");

        // What is refused stays so. pip tries as often as it may, and warns each time.
        yield return new("PIP_RETRIES", "1");
        foreach (string name in EndsTls ? CertificateVariables : [])
        {
            yield return new(name, Certificates);
        }

        foreach (EgressSecret secret in Options.Secrets)
        {
            yield return new(secret.Name, secret.Placeholder);
        }
    }

    /// <summary>Puts the certificate of an authority where the variables say. An image's own certificates stay as they are.</summary>
    /// <exception cref="SandboxUnavailableException">It cannot be done.</exception>
    public static async Task InstallAsync(ISandbox sandbox, SandboxAuthority authority, CancellationToken cancellationToken)
    {
        const string script = $$"""
            umask 022
            for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
                if [ -r $file ]; then cat $file; break; fi
            done > {{Certificates}} && cat >> {{Certificates}}
            """;
        ProcessExit exit = await sandbox.RunAsync(
            new ProcessRequest(["sh"], ["-c", script]) { StandardInput = Encoding.ASCII.GetBytes(authority.Pem + "\n") }, cancellationToken)
            .ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (exit.ExitCode != 0)
        {
            throw new SandboxUnavailableException(
                "egress-failed",
                $"The certificate of the egress proxy cannot be written to {Certificates}: "
                + $"{exit.Message ?? $"exit code {exit.ExitCode}"}.");
        }
    }
}
