namespace Glovebox.Egress;

/// <summary>What guest code of one sandbox may reach: the rules, read.</summary>
internal sealed class EgressPolicy
{
    private readonly EgressRule[] _rules;

    public EgressPolicy(IEnumerable<string> rules) => _rules = [.. rules.SelectMany(EgressPresets.Expand).Select(r => EgressRule.Parse(r))];

    /// <summary>Whether requests to some hosts have to be looked at one by one.</summary>
    public bool LimitsRequests => _rules.Any(r => r.LimitsRequests);

    /// <summary>Gives the rules that speak of a host and a port.</summary>
    public EgressRule[] For(HostName host, int port) => [.. _rules.Where(r => r.Covers(host, port))];
}
