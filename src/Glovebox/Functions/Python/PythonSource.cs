using System.Text.RegularExpressions;

namespace Glovebox.Functions.Python;

/// <summary>Finds the functions of a piece of Python source, as far as that can be done without Python.</summary>
/// <remarks>It knows strings, comments, brackets and joined lines, which is what it takes to see where a line of code begins. Whether the
/// code is Python at all, only Python itself can say.</remarks>
internal static partial class PythonSource
{
    /// <summary>A string literal without its prefix. One that is not closed ends with its line or, in three quotes, with the text: Python
    /// will complain of it.</summary>
    private const string Quoted =
        """(?:(?<three>"{3}|'{3})(?:\\.|(?!\k<three>).)*(?:\k<three>|\z)|(?<one>["'])(?:\\.|(?!\k<one>)[^\\\n])*\k<one>?)""";

    private const RegexOptions Options = RegexOptions.Singleline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    /// <summary>Gives the functions that are defined on the outermost level, in order.</summary>
    public static IReadOnlyList<PythonFunction> Functions(string text)
    {
        List<PythonFunction> functions = [];
        for (int at = 0; at < text.Length; at = SkipTo(text, at, '\n') + 1)
        {
            if (Definition().Match(text, at) is { Success: true } definition)
            {
                int colon = SkipTo(text, at, ':');
                string? docstring = colon < text.Length && Docstring().Match(text, colon + 1) is { Success: true } found
                    ? found.Groups["literal"].Value
                    : null;
                functions.Add(new PythonFunction(definition.Groups["name"].Value, text[at..Math.Min(colon + 1, text.Length)], docstring));
                at = colon;
            }
        }

        return functions;
    }

    /// <summary>Takes away blank lines around the code and the indentation that all of it has.</summary>
    public static string Tidy(string text) => Dedent(text).Trim('\n');

    /// <summary>Takes away the indentation that all lines have.</summary>
    public static string Dedent(string text)
    {
        // Only what ends a line for Python: other separators may be part of a string.
        string[] lines = text.TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        int indentation = lines.Where(l => !string.IsNullOrWhiteSpace(l))
            .Select(l => l.Length - l.TrimStart(' ', '\t').Length)
            .DefaultIfEmpty(0)
            .Min();
        return string.Join('\n', lines.Select(l => l.Length >= indentation ? l[indentation..] : ""));
    }

    /// <summary>The place of a character outside of strings, comments and brackets, or the text's end.</summary>
    private static int SkipTo(string text, int at, char wanted)
    {
        int depth = 0;
        for (Match token = Token().Match(text, at); token.Success; token = token.NextMatch())
        {
            char first = token.ValueSpan[0];
            if (depth == 0 && first == wanted)
            {
                return token.Index;
            }

            depth = first switch
            {
                '(' or '[' or '{' => depth + 1,
                ')' or ']' or '}' => Math.Max(0, depth - 1),
                _ => depth,
            };
        }

        return text.Length;
    }

    [GeneratedRegex(Quoted + """|#[^\n]*|\\.|[^"'#\\]""", Options)]
    private static partial Regex Token();

    [GeneratedRegex("""\G(async[ \t\\][ \t\\\n]*)?def[ \t\\][ \t\\\n]*(?<name>[A-Za-z0-9_]+)""", Options)]
    private static partial Regex Definition();

    [GeneratedRegex("""\G(?>(\s|#[^\n]*)*)(?<literal>[rRuU]?""" + Quoted + ")", Options)]
    private static partial Regex Docstring();
}

/// <summary>A function as its source shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Header">From <c>def</c> to the colon.</param>
/// <param name="Docstring">The string literal that its body begins with, or null.</param>
internal sealed record PythonFunction(string Name, string Header, string? Docstring)
{
    /// <summary>What the docstring says.</summary>
    public string Description
    {
        get
        {
            string text = (Docstring ?? "").TrimStart('r', 'R', 'u', 'U');
            string quote = text is ['"', '"', '"', ..] or ['\'', '\'', '\'', ..] ? text[..3] : text.Length > 0 ? text[..1] : "";
            if (text.Length < 2 * quote.Length)
            {
                return "";
            }

            string inner = text[quote.Length..^quote.Length];
            int first = inner.IndexOf('\n', StringComparison.Ordinal);
            return first < 0 ? inner.Trim() : (inner[..first].Trim() + "\n" + PythonSource.Dedent(inner[(first + 1)..])).Trim();
        }
    }

    /// <summary>The function without its body.</summary>
    public string Stub => Docstring is null ? $"{Header}\n    ..." : $"{Header}\n    {Docstring}\n    ...";
}
