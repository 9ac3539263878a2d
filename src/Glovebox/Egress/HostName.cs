using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Glovebox.Egress;

/// <summary>The name of a host, or an address, in the one spelling in which names are compared. Guest code writes it: whatever can be read
/// in two ways is refused.</summary>
internal readonly record struct HostName
{
    private const int MaxLength = 253;
    private const int MaxLabel = 63;

    private static readonly IdnMapping Idn = new() { AllowUnassigned = false, UseStd3AsciiRules = true };

    private HostName(string text, IPAddress? address) => (Text, Address) = (text, address);

    /// <summary>Gets the name in ASCII and lower case, without a dot at its end; or the address as .NET writes it.</summary>
    public string Text { get; }

    /// <summary>Gets the address, where it is one; else null.</summary>
    public IPAddress? Address { get; }

    public override string ToString() => Address is { AddressFamily: AddressFamily.InterNetworkV6 } ? $"[{Text}]" : Text;

    /// <summary>Makes one of an address.</summary>
    public static HostName Of(IPAddress address) => Simple(address);

    /// <summary>Reads a name, an IPv4 address in its usual form, or an IPv6 address in brackets.</summary>
    public static bool TryParse(string text, out HostName name)
    {
        name = default;
        if (text.StartsWith('['))
        {
            if (!text.EndsWith(']') || text.Contains('%') || !IPAddress.TryParse(text.AsSpan(1, text.Length - 2), out IPAddress? address)
                || address.AddressFamily != AddressFamily.InterNetworkV6)
            {
                return false;
            }

            name = Simple(address);
            return true;
        }

        // One dot at the end means the same name.
        string whole = text.EndsWith('.') ? text[..^1] : text;
        if (whole.Length is 0 or > MaxLength * 4 || !TryGetAscii(whole, out string ascii) || ascii.Length > MaxLength)
        {
            return false;
        }

        string[] labels = ascii.Split('.');
        if (!labels.All(IsLabel))
        {
            return false;
        }

        // 127.1, 0x7f.1 and 2130706433 are addresses for some programs and names for others.
        if (IsNumber(labels[^1]))
        {
            if (labels.Length != 4 || !labels.All(IsOctet))
            {
                return false;
            }

            name = new HostName(ascii, IPAddress.Parse(ascii));
            return true;
        }

        name = new HostName(ascii, null);
        return true;
    }

    /// <summary>An IPv4 address that is written as one of IPv6 is the same host.</summary>
    private static HostName Simple(IPAddress address)
    {
        IPAddress simple = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return new HostName(simple.ToString(), simple);
    }

    private static bool TryGetAscii(string text, out string ascii)
    {
        ascii = text.ToLowerInvariant();
        if (text.All(char.IsAscii))
        {
            return true;
        }

        // Marks that nobody sees make names that look like others.
        if (!ascii.All(c => char.IsLetterOrDigit(c) || c is '-' or '.' || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark))
        {
            return false;
        }

        try
        {
            ascii = Idn.GetAscii(ascii).ToLowerInvariant();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool IsLabel(string label) => label.Length is > 0 and <= MaxLabel
        && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_')
        && label[0] != '-' && label[^1] != '-';

    private static bool IsNumber(string label) =>
        label.All(char.IsAsciiDigit) || (label.StartsWith("0x", StringComparison.Ordinal) && label[2..].All(char.IsAsciiHexDigit));

    private static bool IsOctet(string label) =>
        label.Length is > 0 and <= 3 && label.All(char.IsAsciiDigit) && (label.Length == 1 || label[0] != '0')
        && int.Parse(label, CultureInfo.InvariantCulture) <= 255;
}
