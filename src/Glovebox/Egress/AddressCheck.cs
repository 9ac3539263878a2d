using System.Net;

namespace Glovebox.Egress;

/// <summary>Tells addresses of the open internet from those of this machine, of networks around it and of its cloud.</summary>
/// <remarks>Source: the IANA registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890 and its updates).</remarks>
internal static class AddressCheck
{
    /// <summary>IPv4 addresses by which no host of the internet is reached.</summary>
    private static readonly IPNetwork[] Special4 =
    [
        IPNetwork.Parse("0.0.0.0/8"),       // this network
        IPNetwork.Parse("10.0.0.0/8"),      // private
        IPNetwork.Parse("100.64.0.0/10"),   // shared by customers of a provider, and Alibaba's metadata
        IPNetwork.Parse("127.0.0.0/8"),     // loopback
        IPNetwork.Parse("168.63.129.16/32"), // Azure's own services on each of its machines
        IPNetwork.Parse("169.254.0.0/16"),  // link-local, and most clouds' metadata
        IPNetwork.Parse("172.16.0.0/12"),   // private
        IPNetwork.Parse("192.0.0.0/24"),    // protocol assignments, and Oracle's metadata
        IPNetwork.Parse("192.0.2.0/24"),    // documentation
        IPNetwork.Parse("192.88.99.0/24"),  // 6to4 relays
        IPNetwork.Parse("192.168.0.0/16"),  // private
        IPNetwork.Parse("198.18.0.0/15"),   // benchmarks
        IPNetwork.Parse("198.51.100.0/24"), // documentation
        IPNetwork.Parse("203.0.113.0/24"),  // documentation
        IPNetwork.Parse("224.0.0.0/4"),     // multicast
        IPNetwork.Parse("240.0.0.0/4"),     // reserved, and broadcast
    ];

    /// <summary>Within <see cref="Global6"/>, what is not of the internet.</summary>
    private static readonly IPNetwork[] Special6 =
    [
        IPNetwork.Parse("2001::/23"),       // protocol assignments, Teredo among them
        IPNetwork.Parse("2001:db8::/32"),   // documentation
        IPNetwork.Parse("2002::/16"),       // 6to4
        IPNetwork.Parse("3fff::/20"),       // documentation
    ];

    private static readonly IPNetwork Global6 = IPNetwork.Parse("2000::/3");

    /// <summary>IPv4 addresses behind a gateway (NAT64): judged by the address that they hold.</summary>
    private static readonly IPNetwork Gateway6 = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Whether an address is one of the open internet.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return IsPublic(address.MapToIPv4());
        }

        if (Gateway6.Contains(address))
        {
            return IsPublic(new IPAddress(address.GetAddressBytes().AsSpan(12)));
        }

        return address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? !Special4.Any(n => n.Contains(address))
            : Global6.Contains(address) && !Special6.Any(n => n.Contains(address));
    }
}
