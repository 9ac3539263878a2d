using System.Runtime.CompilerServices;
using Glovebox.Egress;

namespace Glovebox;

/// <summary>What guest code may use.</summary>
/// <remarks>
/// A value that is left null takes its default, applied as strongly as the machine allows (a cgroup, else resource limits). A value
/// that was set and that cannot be enforced in full fails the start with a <see cref="PolicyNotEnforceableException"/>.
/// <see cref="SandboxCapabilities"/> tells what holds, and how. An executor copies its policy when it is made.
/// </remarks>
public sealed record ExecutionPolicy
{
    // Setters, not init: the source-generated configuration binder passes over init, and a limit that is lost silently limits
    // nothing.

    /// <summary>The default of <see cref="Memory"/>: 2 GiB.</summary>
    public const long DefaultMemory = 2L << 30;

    /// <summary>The default of <see cref="MaxProcesses"/>: 256.</summary>
    public const int DefaultMaxProcesses = 256;

    /// <summary>The default of <see cref="MaxOutput"/>: 1 MiB.</summary>
    public const long DefaultMaxOutput = 1L << 20;

    /// <summary>Gets or sets the memory of all guest processes together, in bytes, at least 16 MiB. Null, the default: 2 GiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 16 MiB.</exception>
    public long? Memory
    {
        get;
        set => field = InRange(value, 16L << 20);
    }

    /// <summary>Gets or sets the bytes that guest code may keep on disk, at least 1 MiB. Null, the default: no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 MiB.</exception>
    public long? DiskSpace
    {
        get;
        set => field = InRange(value, 1L << 20);
    }

    /// <summary>Gets or sets the bytes of output that are kept of one block, from 1 KiB to 1 GiB: the first and the last half; the middle
    /// is dropped and marked. Null, the default: 1 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 KiB or more than 1 GiB.</exception>
    public long? MaxOutput
    {
        get;
        set => field = InRange(value, 1L << 10, 1L << 30);
    }

    /// <summary>Gets or sets the processor time per wall-clock time, in cores, at least 0.01: 0.5 is half a core. Null, the default: no
    /// limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 0.01, or not a number.</exception>
    public double? Cpus
    {
        get;
        set
        {
            if (value is { } cpus && !(cpus >= 0.01 && double.IsFinite(cpus)))
            {
                throw new ArgumentOutOfRangeException(nameof(Cpus), value, "Cpus must be a number of at least 0.01.");
            }

            field = value;
        }
    }

    /// <summary>Gets or sets how many processes and threads the guest may have at once, at least 4. Null, the default: 256.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 4.</exception>
    public int? MaxProcesses
    {
        get;
        set => field = (int?)InRange(value, 4);
    }

    /// <summary>Gets or sets what guest code reaches over the network. The default is <see cref="NetworkAccess.SetupOnly"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public NetworkAccess Network
    {
        get;
        set
        {
            if (!Enum.IsDefined(value))
            {
                throw new ArgumentOutOfRangeException(nameof(Network), value, "Network must be None, SetupOnly, Full or AllowList.");
            }

            field = value;
        }
    } = NetworkAccess.SetupOnly;

    /// <summary>Gets or sets what guest code reaches where <see cref="Network"/> is <see cref="NetworkAccess.AllowList"/>: a rule for each
    /// host. The default is empty, which allows nothing.</summary>
    /// <remarks>
    /// <para>A rule is written <c>[METHOD,METHOD ]HOST[:PORT,PORT][/PATH][ private][ tcp]</c>. <c>HOST</c> is a name
    /// (<c>api.example.org</c>), a wildcard for names below one (<c>*.example.org</c>, which is not <c>example.org</c> itself), an IPv4
    /// address, or an IPv6 address in brackets. Without ports it means 80 and 443. Methods and the beginning of a path
    /// (<c>GET,HEAD api.example.org/v1</c>) are checked for each request, for which the proxy ends TLS. <c>private</c> lets a name lead
    /// to addresses of private networks and of this machine, which are refused otherwise. <c>tcp</c> allows other protocols than HTTP and
    /// TLS.</para>
    /// <para>The names <c>pypi</c>, <c>npm</c>, <c>nuget</c>, <c>crates</c> and <c>debian</c> stand for the hosts of these
    /// registries.</para>
    /// </remarks>
    /// <exception cref="ArgumentException">A rule is none; the message holds it.</exception>
    public IReadOnlyList<string> AllowedDomains
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            string[] rules = [.. value];
            if (Array.IndexOf(rules, null) >= 0)
            {
                throw new ArgumentException("AllowedDomains must not hold null.");
            }

            _ = new EgressPolicy(rules);
            field = rules.Length == 0 ? [] : rules;
        }
    } = [];

    /// <summary>Gets or sets whether everything but the work directory and the temporary directories is read-only. Null, the default: as
    /// the kind of sandbox does (bubblewrap: always).</summary>
    public bool? ReadOnlyRootFilesystem { get; set; }

    /// <summary>Gets or sets the user that guest code runs as, <c>uid</c> or <c>uid:gid</c> as guest code sees it; not root. Null, the
    /// default: the sandbox's unprivileged user.</summary>
    /// <exception cref="ArgumentException">Not of that form, or root.</exception>
    public string? User
    {
        get;
        set
        {
            if (value is not null)
            {
                _ = UserId.Parse(value);
            }

            field = value;
        }
    }

    /// <summary>Whether guest code has a network of its own, or a proxy to one.</summary>
    internal bool GuestHasNetwork => Network is NetworkAccess.Full or NetworkAccess.AllowList;

    /// <summary>What the description of a network without anything has to add, where there is a list.</summary>
    internal string ListDetail => Network == NetworkAccess.AllowList ? "; a proxy on the host lets through what the list allows" : "";

    /// <summary>Whether builds of guest code find packages where .NET looks for them.</summary>
    internal bool ReachesNuGet => Network == NetworkAccess.Full
        || (Network == NetworkAccess.AllowList && HostName.TryParse("api.nuget.org", out HostName nuget)
            && new EgressPolicy(AllowedDomains).For(nuget, 443).Length > 0);

    private static long? InRange(long? value, long minimum, long maximum = long.MaxValue, [CallerMemberName] string name = "") =>
        value < minimum ? throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {minimum}.")
        : value > maximum ? throw new ArgumentOutOfRangeException(name, value, $"{name} must be at most {maximum}.")
        : value;
}

/// <summary>What guest code reaches over the network.</summary>
public enum NetworkAccess
{
    /// <summary>Nothing but its own loopback, from the beginning.</summary>
    None,

    /// <summary>Set-up (an init command, the installation of packages) reaches the network; it is cut before the first block
    /// runs.</summary>
    SetupOnly,

    /// <summary>Everything that the host reaches.</summary>
    Full,

    /// <summary>The hosts of <see cref="ExecutionPolicy.AllowedDomains"/>, by a proxy on the host that decides about each connection. The
    /// guest has no network of its own. Set-up reaches the network as with <see cref="SetupOnly"/>.</summary>
    AllowList,
}
