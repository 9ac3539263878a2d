using System.CommandLine.Parsing;
using System.Net;
using Glovebox.Cli.Output;

namespace Glovebox.Cli.Serve;

/// <summary>An address to listen on, as the web server takes it. The web server would take any name for all addresses of the
/// machine.</summary>
internal static class ListenAddress
{
    private const string Http = "http://";
    private const string Https = "https://";
    private const string Socket = "unix:/";

    public static void Check(OptionResult result)
    {
        foreach (string text in result.Tokens.Select(t => t.Value).Where(t => !IsAddress(t)))
        {
            string wrong = TerminalText.Line(text);
            result.AddError($"{result.Option.Name} takes ADDRESS:PORT with an IP address or localhost, or unix:/PATH, not '{wrong}'.");
        }
    }

    public static string Url(string text) =>
        text.StartsWith(Http, StringComparison.Ordinal) || text.StartsWith(Https, StringComparison.Ordinal) ? text : Http + text;

    private static bool IsAddress(string text)
    {
        string rest = text.StartsWith(Https, StringComparison.Ordinal) ? text[Https.Length..]
            : text.StartsWith(Http, StringComparison.Ordinal) ? text[Http.Length..]
            : text;
        if (rest.StartsWith(Socket, StringComparison.Ordinal))
        {
            return rest.Length > Socket.Length;
        }

        int colon = rest.LastIndexOf(':');
        if (colon < 1 || !ushort.TryParse(rest.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out _))
        {
            return false;
        }

        string host = rest[..colon];
        return host == "localhost"
            || (host.StartsWith('[') == host.Contains(':') && IPAddress.TryParse(host, out IPAddress? address)
                && (address.ToString() == host.Trim('[', ']') || host.StartsWith('[')));
    }
}
