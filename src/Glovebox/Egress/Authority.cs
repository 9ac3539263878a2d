using System.Globalization;
using System.Net;

namespace Glovebox.Egress;

/// <summary>A host and a port as requests write them.</summary>
internal static class Authority
{
    private const string Http = "http://";

    /// <summary>Takes it apart.</summary>
    /// <param name="text"><c>HOST:PORT</c>, or <c>HOST</c> where there is a default.</param>
    /// <param name="defaultPort">The port where none is named; null where one has to be.</param>
    /// <exception cref="EgressRefusal">It is none.</exception>
    public static (string Host, int Port) Split(string text, int? defaultPort)
    {
        int colon = text.EndsWith(']') ? -1 : text.LastIndexOf(':');
        if (colon < 0)
        {
            return (text, defaultPort ?? throw new EgressRefusal("bad-request", "The port is missing: HOST:PORT.", 400));
        }

        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            && port is > 0 and <= IPEndPoint.MaxPort
                ? (text[..colon], port)
                : throw new EgressRefusal("bad-request", "The port is no number from 1 to 65535.", 400);
    }

    /// <summary>Takes the address of a request to a proxy apart.</summary>
    /// <exception cref="EgressRefusal">It is none.</exception>
    public static (string Host, int Port, string Target) SplitAddress(string address)
    {
        if (!address.StartsWith(Http, StringComparison.OrdinalIgnoreCase))
        {
            throw new EgressRefusal("bad-request", "A proxy is asked for http://HOST/PATH, or by CONNECT.", 400);
        }

        string rest = address[Http.Length..];
        int end = rest.AsSpan().IndexOfAny('/', '?', '#');
        (string host, int port) = Split(end < 0 ? rest : rest[..end], defaultPort: 80);
        string target = end < 0 ? "/" : rest[end] == '/' ? rest[end..] : "/" + rest[end..];
        return target.Contains('#')
            ? throw new EgressRefusal("bad-request", "An address has no fragment here.", 400)
            : (host, port, target);
    }

    /// <summary>Whether a <c>Host</c> header or the name of a TLS client means the host that is connected to.</summary>
    public static bool IsSame(string text, HostName host, int port, int defaultPort)
    {
        (string name, int named) = Split(text, defaultPort);
        return named == port && HostName.TryParse(name, out HostName parsed) && parsed == host;
    }
}
