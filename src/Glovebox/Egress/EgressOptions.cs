using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization;

namespace Glovebox.Egress;

/// <summary>How guest code reaches the hosts of <see cref="ExecutionPolicy.AllowedDomains"/>.</summary>
/// <remarks>They have an effect where <see cref="ExecutionPolicy.Network"/> is <see cref="NetworkAccess.AllowList"/>. An executor copies
/// them when it is made.</remarks>
public sealed class EgressOptions
{
    /// <summary>Gets or sets how many connections guest code may have open at once, from 1 to 250; one more is refused. The default is
    /// 200.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from 1 to 250.</exception>
    public int MaxConnections
    {
        get;
        set => field = value is >= 1 and <= 250 ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxConnections), value, "MaxConnections must be from 1 to 250.");
    } = 200;

    /// <summary>Gets or sets how many connections and requests guest code may begin within a minute, at least 1; one more is refused. Null,
    /// the default: no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int? MaxRequestsPerMinute
    {
        get;
        set => field = value is null or >= 1 ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxRequestsPerMinute), value, "MaxRequestsPerMinute must be at least 1.");
    }

    /// <summary>Gets or sets how many bytes guest code may send and receive in the life of its sandbox, at least 1; then its connections
    /// end. Null, the default: no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public long? MaxBytes
    {
        get;
        set => field = value is null or >= 1 ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxBytes), value, "MaxBytes must be at least 1.");
    }

    /// <summary>Gets or sets how long a connection may carry nothing before it is ended, from 1 second to a day. The default is 2
    /// minutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from 1 second to a day.</exception>
    public TimeSpan IdleTimeout
    {
        get;
        set => field = Checked(value, nameof(IdleTimeout));
    } = TimeSpan.FromMinutes(2);

    /// <summary>Gets or sets who is asked about a host that no rule allows. Null, the default: it is refused.</summary>
    /// <remarks>Called on any thread, also for several connections at the same time; once for each host and port of a sandbox, whose
    /// answer holds until the sandbox ends. An exception refuses.</remarks>
    [JsonIgnore]
    public Func<EgressApproval, CancellationToken, ValueTask<bool>>? Approve { get; set; }

    /// <summary>Gets or sets how long <see cref="Approve"/> may take before the host is refused, from 1 second to a day. The default is a
    /// minute.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from 1 second to a day.</exception>
    public TimeSpan ApprovalTimeout
    {
        get;
        set => field = Checked(value, nameof(ApprovalTimeout));
    } = TimeSpan.FromMinutes(1);

    /// <summary>Gets or sets the secrets that are put into requests of guest code, which cannot read them. The default is empty.</summary>
    [JsonIgnore]
    public IList<EgressSecret> Secrets { get; set => field = value ?? throw new ArgumentNullException(nameof(Secrets)); } = [];

    /// <summary>Gets or sets a file of PEM certificates, of authorities by which servers are known beside those that the host trusts: a
    /// company's own. It is read when an executor is made, and has an effect where the proxy ends TLS (<see cref="Secrets"/>, rules with
    /// methods or paths). Null, the default: none.</summary>
    public string? AuthoritiesFile { get; set; }

    /// <summary>Finds the addresses of a name. Tests have names of their own.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; set; } = Dns.GetHostAddressesAsync;

    internal EgressOptions Copy()
    {
        EgressOptions copy = (EgressOptions)MemberwiseClone();
        copy.Secrets = [.. Secrets.Select(s => s?.Copy()!)];
        return copy;
    }

    /// <exception cref="ArgumentException">A secret is incomplete, two have one name, or the policy has no list.</exception>
    internal void Validate(ExecutionPolicy policy)
    {
        if (policy.Network != NetworkAccess.AllowList
            && (policy.AllowedDomains.Count > 0 || Secrets.Count > 0 || Approve is not null || AuthoritiesFile is not null))
        {
            throw new ArgumentException(
                "AllowedDomains, and Secrets, Approve and AuthoritiesFile of Egress, have an effect only where Network is AllowList; it is "
                + $"{policy.Network}.");
        }

        foreach (EgressSecret secret in Secrets)
        {
            (secret ?? throw new ArgumentException("Secrets must not hold null.")).Validate();
        }

        if (Secrets.GroupBy(s => s.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1)?.Key is { } twice)
        {
            throw new ArgumentException($"Secrets: there are two with the name {twice}.");
        }
    }

    /// <summary>Reads the certificates of <see cref="AuthoritiesFile"/>.</summary>
    /// <exception cref="ArgumentException">They cannot be read.</exception>
    internal X509Certificate2Collection ReadAuthorities()
    {
        X509Certificate2Collection read = [];
        if (AuthoritiesFile is not null)
        {
            try
            {
                read.ImportFromPemFile(AuthoritiesFile);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                throw new ArgumentException($"AuthoritiesFile: '{AuthoritiesFile}' cannot be read: {e.Message}", e);
            }

            if (read.Count == 0)
            {
                throw new ArgumentException($"AuthoritiesFile: '{AuthoritiesFile}' holds no PEM certificate.");
            }
        }

        return read;
    }

    private static TimeSpan Checked(TimeSpan value, string name) => value >= TimeSpan.FromSeconds(1) && value <= TimeSpan.FromDays(1)
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be from 1 second to a day.");
}
