using System.Buffers;

namespace Glovebox.Functions.Python;

/// <summary>What Python takes for a name.</summary>
internal static class PythonName
{
    /// <summary>The keywords, and those of <c>match</c> and its like left out: they are names elsewhere.</summary>
    private static readonly HashSet<string> Keywords = new(StringComparer.Ordinal)
    {
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
        "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise",
        "return", "try", "while", "with", "yield",
    };

    private static readonly SearchValues<char> Letters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    /// <summary>Whether a text is an identifier in ASCII and no keyword.</summary>
    public static bool IsIdentifier(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && !name.AsSpan().ContainsAnyExcept(Letters) && !Keywords.Contains(name);

    /// <summary>Whether a text is identifiers joined by dots.</summary>
    public static bool IsDotted(string name) => name.Split('.').All(IsIdentifier);

    /// <summary>Makes an identifier of any text, and another one of the same text when the first is taken.</summary>
    public static string Of(string text, ISet<string> taken)
    {
        string name = string.Concat(text.Select(c => Letters.Contains(c) ? c : '_'));
        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
        {
            name = "_" + name;
        }

        while (Keywords.Contains(name) || !taken.Add(name))
        {
            name += "_";
        }

        return name;
    }
}
