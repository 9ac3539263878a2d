using System.Globalization;

namespace Glovebox.Audit;

/// <summary>The names of an audit: <c>audit.jsonl</c> is written to; <c>audit-000000000001.jsonl</c> is full, and its first line has that
/// number.</summary>
internal static class AuditFiles
{
    private const int Digits = 12;

    /// <summary>The name of a full file.</summary>
    public static string FullName(string name, long firstSequence)
    {
        string number = firstSequence.ToString("D" + Digits, CultureInfo.InvariantCulture);
        return $"{Path.GetFileNameWithoutExtension(name)}-{number}{Path.GetExtension(name)}";
    }

    /// <summary>The full files among the names of a folder, the oldest first.</summary>
    public static IEnumerable<string> FullNames(string name, IEnumerable<string> names)
    {
        string start = Path.GetFileNameWithoutExtension(name) + "-";
        string end = Path.GetExtension(name);
        return names
            .Where(n => n.StartsWith(start, StringComparison.Ordinal) && n.EndsWith(end, StringComparison.Ordinal)
                && IsNumber(n.AsSpan()[start.Length..^end.Length]))
            .OrderBy(n => n.Length).ThenBy(n => n, StringComparer.Ordinal);
    }

    /// <summary>The number in the name of a full file; null: it is not the name of one.</summary>
    public static long? FirstSequence(string path)
    {
        string stem = Path.GetFileNameWithoutExtension(path);
        int dash = stem.LastIndexOf('-');
        return dash >= 0 && IsNumber(stem.AsSpan(dash + 1)) ? long.Parse(stem.AsSpan(dash + 1), CultureInfo.InvariantCulture) : null;
    }

    private static bool IsNumber(ReadOnlySpan<char> text) => text.Length is >= Digits and <= 18 && !text.ContainsAnyExceptInRange('0', '9');
}
