namespace Glovebox.Egress;

/// <summary>That a connection to a host may be made, and by which rules.</summary>
/// <param name="Host">The host.</param>
/// <param name="Port">The port.</param>
/// <param name="Rules">The rules that speak of it; empty where somebody has approved it.</param>
/// <param name="Secrets">The secrets that are put into requests to it.</param>
internal sealed record EgressGrant(HostName Host, int Port, IReadOnlyList<EgressRule> Rules, IReadOnlyList<EgressSecret> Secrets)
{
    /// <summary>Gets whether each request has to be seen, so that the proxy ends TLS.</summary>
    public bool NeedsRequests => Secrets.Count > 0 || LimitsRequests;

    /// <summary>Gets whether only some requests are allowed.</summary>
    public bool LimitsRequests => Rules.Count > 0 && Rules.All(r => r.LimitsRequests);

    /// <summary>Gets whether any protocol may be spoken.</summary>
    public bool AllowsAnyProtocol => !NeedsRequests && Rules.Any(r => r.AllowsAnyProtocol);

    /// <summary>Gets whether its addresses may be private ones.</summary>
    public bool AllowsPrivate => Rules.Any(r => r.AllowsPrivate);

    /// <summary>Gets the rule of a connection whose requests are not looked at.</summary>
    public string? Rule => Rules.FirstOrDefault(r => !r.LimitsRequests)?.ToString();

    /// <summary>Finds the rule that allows a request.</summary>
    /// <returns>Null where somebody has approved the host.</returns>
    /// <exception cref="EgressRefusal">None does.</exception>
    public string? RuleFor(string method, string target)
    {
        if (Rules.Count == 0)
        {
            return null;
        }

        string? path = RequestPath.Normalize(target);
        return Rules.FirstOrDefault(r => !r.LimitsRequests || (path is not null && r.Allows(method, path)))?.ToString()
            ?? throw new EgressRefusal(
                "request-not-in-list", $"{method} {Shown(target)} is not an allowed request to {Host}.");
    }

    private static string Shown(string target) => WorkspacePath.Printable(EgressReport.WithoutQuery(target));
}
