namespace Glovebox.Egress;

/// <summary>Names that stand for the hosts of a registry of packages.</summary>
internal static class EgressPresets
{
    private static readonly Dictionary<string, string[]> Rules = new(StringComparer.OrdinalIgnoreCase)
    {
        ["pypi"] = ["pypi.org", "files.pythonhosted.org"],
        ["npm"] = ["registry.npmjs.org"],
        ["nuget"] = ["api.nuget.org", "globalcdn.nuget.org"],
        ["crates"] = ["index.crates.io", "static.crates.io", "crates.io"],
        ["debian"] = ["deb.debian.org", "security.debian.org"],
    };

    public static IEnumerable<string> Names => Rules.Keys;

    /// <summary>Gives the rules that a name stands for; what is no such name stands for itself.</summary>
    public static IEnumerable<string> Expand(string rule) => Rules.GetValueOrDefault(rule) ?? [rule];
}
