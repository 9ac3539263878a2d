using System.Security.Cryptography;

namespace Glovebox.Egress;

/// <summary>A value that is put into requests of guest code to certain hosts, and that guest code cannot read.</summary>
public sealed class EgressSecret
{
    /// <summary>What stands for the value in <see cref="Header"/>.</summary>
    public const string ValuePlaceholder = "{value}";

    /// <summary>Gets or sets the name: letters, digits and underscores, not beginning with a digit. In the guest, an environment variable
    /// of this name holds a placeholder, which is replaced by the value in headers of requests to <see cref="Domains"/>.</summary>
    public string Name { get; set; } = "";

    /// <summary>Gets or sets the value, of printable ASCII letters.</summary>
    public string Value { get; set; } = "";

    /// <summary>Gets the hosts that get it: names such as <c>api.example.org</c> or <c>*.example.org</c>, at port 443 unless
    /// they name others. At least one. Each must be allowed by a rule of <see cref="ExecutionPolicy.AllowedDomains"/>, too.</summary>
    public IList<string> Domains { get; set => field = value ?? throw new ArgumentNullException(nameof(Domains)); } = [];

    /// <summary>Gets or sets the header that each request to <see cref="Domains"/> gets, with <see cref="ValuePlaceholder"/> for the value:
    /// <c>Authorization: Bearer {value}</c>. It replaces the guest's own. Null, the default: none.</summary>
    public string? Header { get; set; }

    /// <summary>Gets or sets the name of the parameter that the query of each such request gets. It replaces the guest's own. Null, the
    /// default: none.</summary>
    public string? QueryParameter { get; set; }

    /// <summary>Gives the name. The value is shown nowhere.</summary>
    public override string ToString() => Name;

    /// <summary>What guest code has in its place. Nobody can guess it, so that no text is taken for it by chance.</summary>
    internal string Placeholder { get; private init; } = "";

    private static EgressRule RuleOf(string domain) => EgressRule.Parse(domain, [443]);

    internal EgressSecret Copy() => new()
    {
        Name = Name,
        Value = Value,
        Domains = [.. Domains],
        Header = Header,
        QueryParameter = QueryParameter,
        Placeholder = $"glovebox-{Name}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12))}",
    };

    /// <exception cref="ArgumentException">It is incomplete.</exception>
    internal void Validate()
    {
        if (Name is not { Length: > 0 and <= 100 } || char.IsAsciiDigit(Name[0])
            || !Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            throw new ArgumentException(
                $"Secrets: '{WorkspacePath.Printable(Name ?? "")}' is no name: letters, digits and underscores, not beginning with a "
                + "digit.");
        }

        if (EgressSetup.Takes(Name))
        {
            throw new ArgumentException($"Secrets: {Name} is a variable that programs of the sandbox need. Choose another name.");
        }

        if (Value is not { Length: >= 8 and <= 8192 } || !Value.All(c => c is >= '!' and <= '~'))
        {
            throw new ArgumentException($"Secrets: the value of {Name} must be 8 to 8192 printable ASCII letters, without spaces.");
        }

        if (Domains is not { Count: > 0 })
        {
            throw new ArgumentException($"Secrets: {Name} has no domain. Name the hosts that get it.");
        }

        foreach (string domain in Domains)
        {
            try
            {
                if (!RuleOf(domain).IsHostAlone)
                {
                    throw new ArgumentException("It must be a host and, at most, ports.");
                }
            }
            catch (ArgumentException e)
            {
                throw new ArgumentException(
                    $"Secrets: '{WorkspacePath.Printable(domain)}', a domain of {Name}, is no name of a host. {e.Message}", e);
            }
        }

        if (Header is not null && HeaderName is null)
        {
            throw new ArgumentException(
                $"Secrets: the header of {Name} must be written NAME: TEXT, and its text must hold {ValuePlaceholder}.");
        }

        if (QueryParameter is { } parameter
            && (parameter.Length == 0 || !parameter.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')))
        {
            throw new ArgumentException($"Secrets: the query parameter of {Name} must be of letters, digits, '_', '-' and '.'.");
        }
    }

    /// <summary>The hosts that get it. Without ports these are those of HTTPS: what is sent in the clear, many may read.</summary>
    internal IEnumerable<EgressRule> Rules => Domains.Select(RuleOf);

    /// <summary>The name of the header; null when there is none that can be sent.</summary>
    internal string? HeaderName => Header?.IndexOf(':') is > 0 and { } colon
        && Header.AsSpan(colon).Contains(ValuePlaceholder, StringComparison.Ordinal)
        && Header.All(c => c is >= ' ' and <= '~')
        && HttpHead.IsToken(Header.AsSpan(0, colon))
        && !HttpHead.IsOfConnection(Header[..colon])
            ? Header[..colon] : null;

    /// <summary>The text of the header, with the value.</summary>
    internal string HeaderText =>
        Header![(Header!.IndexOf(':') + 1)..].Trim().Replace(ValuePlaceholder, Value, StringComparison.Ordinal);
}
