using System.Globalization;
using System.Net;

namespace Glovebox.Egress;

/// <summary>One rule of the list of what guest code may reach.</summary>
/// <remarks>Written <c>[METHOD,METHOD ]HOST[:PORT,PORT][/PATH][ private][ tcp]</c>, see
/// <see cref="ExecutionPolicy.AllowedDomains"/>.</remarks>
internal sealed class EgressRule
{
    private static readonly int[] WebPorts = [80, 443];
    private static readonly string[] KnownMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

    private readonly string _text;
    private readonly HostName _host;
    private readonly bool _isWildcard;
    private readonly int[] _ports;
    private readonly string[] _methods;

    private EgressRule(string text, HostName host, bool isWildcard, int[] ports, string[] methods, string path)
    {
        (_text, _host, _isWildcard, _ports, _methods) = (text, host, isWildcard, ports, methods);
        Path = path;
    }

    /// <summary>Gets what the path of a request begins with; empty for any.</summary>
    public string Path { get; }

    /// <summary>Gets whether it may lead to addresses that are not of the open internet. An address that a rule names says so
    /// itself.</summary>
    public bool AllowsPrivate { get; private init; }

    /// <summary>Gets whether other protocols than HTTP and TLS may be spoken.</summary>
    public bool AllowsAnyProtocol { get; private init; }

    /// <summary>Gets whether each request has to be looked at, not the connection alone.</summary>
    public bool LimitsRequests => _methods.Length > 0 || Path.Length > 0;

    /// <summary>Gets whether it says nothing but a host and its ports.</summary>
    public bool IsHostAlone => !LimitsRequests && !AllowsAnyProtocol && !(AllowsPrivate && _host.Address is null);

    public override string ToString() => _text;

    /// <summary>Reads a rule.</summary>
    /// <exception cref="ArgumentException">It is none. The message holds it.</exception>
    /// <param name="text">The rule.</param>
    /// <param name="defaultPorts">The ports where it names none. Null: those of HTTP and HTTPS.</param>
    public static EgressRule Parse(string text, int[]? defaultPorts = null)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool isPrivate = false, isTcp = false;
        while (words.Length > 1 && words[^1] is "private" or "tcp")
        {
            isPrivate |= words[^1] == "private";
            isTcp |= words[^1] == "tcp";
            words = words[..^1];
        }

        string[] methods = words.Length == 2 ? words[0].Split(',') : [];
        if (words.Length is 0 or > 2 || words[^1] is "private" or "tcp")
        {
            throw Wrong(text, "it is not one host with, at most, methods before it and the words private and tcp after it");
        }

        if (methods.FirstOrDefault(m => !KnownMethods.Contains(m)) is { } unknown)
        {
            throw Wrong(text, $"'{WorkspacePath.Printable(unknown)}' is no method; write GET or GET,HEAD");
        }

        string place = words[^1];
        if (place.Contains("://", StringComparison.Ordinal))
        {
            throw Wrong(text, "it is an address; write the host, and the beginning of a path if you like, without http:// or https://");
        }

        int slash = place.IndexOf('/');
        string path = slash < 0 || slash == place.Length - 1 ? "" : place[slash..];
        if (path.Length > 0 && RequestPath.Normalize(path) != path)
        {
            throw Wrong(text, "its path is not written plainly: no '..', no '//', no escapes, no '?' and no '#'");
        }

        if (isTcp && (methods.Length > 0 || path.Length > 0))
        {
            throw Wrong(text, "methods and paths are of HTTP, and tcp allows any protocol");
        }

        string host = slash < 0 ? place : place[..slash];
        int colon = host.EndsWith(']') ? -1 : host.LastIndexOf(':');
        int[] ports = colon < 0 ? defaultPorts ?? WebPorts : [.. host[(colon + 1)..].Split(',').Select(p => Port(text, p))];
        host = colon < 0 ? host : host[..colon];
        bool isWildcard = host.StartsWith("*.", StringComparison.Ordinal);
        string name = isWildcard ? host[2..] : host;
        if (name.Contains('*'))
        {
            throw Wrong(text, "a wildcard stands at the beginning alone: *.example.org");
        }

        if (!HostName.TryParse(name, out HostName parsed))
        {
            throw Wrong(text, $"'{WorkspacePath.Printable(name)}' is no name of a host, no IPv4 address and no IPv6 address in brackets");
        }

        if (isWildcard && (parsed.Address is not null || !parsed.Text.Contains('.')))
        {
            throw Wrong(text, "a wildcard needs a name of two labels or more after it: *.example.org");
        }

        return new EgressRule(text, parsed, isWildcard, ports, methods, path)
        {
            AllowsPrivate = isPrivate || parsed.Address is not null,
            AllowsAnyProtocol = isTcp,
        };
    }

    /// <summary>Whether it speaks of a host and a port.</summary>
    public bool Covers(HostName host, int port) => Array.IndexOf(_ports, port) >= 0
        && (_isWildcard ? host.Address is null && host.Text.EndsWith("." + _host.Text, StringComparison.Ordinal) : host == _host);

    /// <summary>Whether it allows a request to a host of which it speaks.</summary>
    /// <param name="method">In upper case.</param>
    /// <param name="path">Normalized.</param>
    public bool Allows(string method, string path) => (_methods.Length == 0 || _methods.Contains(method))
        && (Path.Length == 0 || (path.StartsWith(Path, StringComparison.Ordinal)
            && (path.Length == Path.Length || Path[^1] == '/' || path[Path.Length] == '/')));

    private static int Port(string rule, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= IPEndPoint.MaxPort
            ? port
            : throw Wrong(rule, $"'{WorkspacePath.Printable(text)}' is no port from 1 to 65535");

    private static ArgumentException Wrong(string rule, string why) => new(
        $"AllowedDomains: '{WorkspacePath.Printable(rule)}' is no rule: {why}.");
}
