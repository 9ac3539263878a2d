using System.Buffers;
using System.Globalization;
using System.Text;

namespace Glovebox.Egress;

/// <summary>The first line and the headers of an HTTP/1.1 request, read strictly: what two servers may read differently is
/// refused.</summary>
/// <remarks>Source: RFC 9112.</remarks>
internal sealed class HttpHead
{
    /// <summary>The most bytes of a head.</summary>
    public const int MaxBytes = 64 << 10;

    private const int MaxHeaders = 200;

    private static readonly SearchValues<char> TokenLetters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly HashSet<string> OfConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding",
        "Upgrade", "HTTP2-Settings", "Content-Length", "Host", "Expect",
    };

    /// <summary>What the guest says of the connection, among it the names of headers.</summary>
    private readonly HashSet<string> _connection;

    private HttpHead(
        string method, string target, bool isHttp10, List<(string Name, string Value)> headers, HashSet<string> connection)
    {
        (Method, Target, IsHttp10, Headers, _connection) = (method, target, isHttp10, headers, connection);
    }

    /// <summary>Gets the method.</summary>
    public string Method { get; }

    /// <summary>Gets what was asked for, as it was written.</summary>
    public string Target { get; }

    /// <summary>Gets whether the guest speaks HTTP/1.0.</summary>
    public bool IsHttp10 { get; }

    /// <summary>Gets the headers in their order.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; }

    /// <summary>Gets the value of <c>Host</c>; null when there is none.</summary>
    public string? Host { get; private init; }

    /// <summary>Gets the length of the body; null when it comes in chunks.</summary>
    public long? BodyLength { get; private init; } = 0;

    /// <summary>Gets whether another request may follow on the connection.</summary>
    public bool KeepsOpen { get; private init; }

    /// <summary>Gets whether the guest waits to be told before it sends the body.</summary>
    public bool ExpectsContinue { get; private init; }

    /// <summary>Gets whether it asks to speak WebSocket.</summary>
    public bool IsWebSocket { get; private init; }

    /// <summary>Whether a header is about one connection, and so not passed on.</summary>
    public static bool IsOfConnection(string name) => OfConnection.Contains(name);

    public static bool IsToken(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenLetters);

    /// <summary>Reads a head.</summary>
    /// <param name="bytes">It, with the empty line at its end.</param>
    /// <exception cref="EgressRefusal">It is none, or may be read in two ways.</exception>
    public static HttpHead Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.ContainsAnyInRange((byte)0x80, (byte)0xff) || bytes.Contains((byte)0))
        {
            throw Bad("a head is ASCII");
        }

        string[] lines = Encoding.ASCII.GetString(bytes[..^4]).Split("\r\n");
        if (lines.Any(l => l.AsSpan().ContainsAny('\r', '\n')))
        {
            throw Bad("lines end with CR and LF");
        }

        if (lines[0].Split(' ') is not [string method, string target, "HTTP/1.1" or "HTTP/1.0"] || !IsToken(method) || target.Length == 0
            || target.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw Bad("the first line is METHOD TARGET HTTP/1.1");
        }

        bool isHttp10 = lines[0].EndsWith('0');
        if (lines.Length - 1 > MaxHeaders)
        {
            throw Bad($"there are more than {MaxHeaders} headers");
        }

        List<(string Name, string Value)> headers = new(lines.Length - 1);
        foreach (string line in lines.AsSpan(1))
        {
            int colon = line.IndexOf(':');
            if (colon < 0 || !IsToken(line.AsSpan(0, colon)) || line.AsSpan(colon).ContainsAnyInRange('\x01', '\x08')
                || line.AsSpan(colon).ContainsAnyInRange('\x0b', '\x1f') || line.Contains('\x7f'))
            {
                throw Bad("a header is NAME: VALUE on one line");
            }

            headers.Add((line[..colon], line[(colon + 1)..].Trim(' ', '\t')));
        }

        HashSet<string> connection = new(
            All(headers, "Connection").SelectMany(v => v.Split(',', StringSplitOptions.TrimEntries)), StringComparer.OrdinalIgnoreCase);
        return new HttpHead(method, target, isHttp10, headers, connection)
        {
            Host = One(headers, "Host"),
            BodyLength = Length(headers, isHttp10),
            KeepsOpen = connection.Contains("keep-alive") || (!isHttp10 && !connection.Contains("close")),
            ExpectsContinue = !isHttp10 && string.Equals(One(headers, "Expect"), "100-continue", StringComparison.OrdinalIgnoreCase),
            IsWebSocket = connection.Contains("upgrade")
                && string.Equals(One(headers, "Upgrade"), "websocket", StringComparison.OrdinalIgnoreCase),
        };
    }

    /// <summary>The headers that are for the server, without those that the guest says are of the connection.</summary>
    public IEnumerable<(string Name, string Value)> Passed() =>
        Headers.Where(h => !IsOfConnection(h.Name) && !_connection.Contains(h.Name));

    private static long? Length(List<(string Name, string Value)> headers, bool isHttp10)
    {
        string? coding = One(headers, "Transfer-Encoding"), length = One(headers, "Content-Length");
        if (coding is not null)
        {
            return isHttp10 || length is not null || !coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)
                ? throw Bad("a body has a length or comes in chunks, not both")
                : null;
        }

        return length is null ? 0
            : length.Length > 0 && length.All(char.IsAsciiDigit)
                && long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes) ? bytes
            : throw Bad("a length is a number");
    }

    private static IEnumerable<string> All(IEnumerable<(string Name, string Value)> headers, string name) =>
        headers.Where(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value);

    private static string? One(IEnumerable<(string Name, string Value)> headers, string name)
    {
        string[] values = [.. All(headers, name)];
        return values.Length > 1 ? throw Bad($"there are {values.Length} headers {name}") : values.FirstOrDefault();
    }

    private static EgressRefusal Bad(string why) => new("bad-request", $"The request is not understood: {why}.", 400);
}
