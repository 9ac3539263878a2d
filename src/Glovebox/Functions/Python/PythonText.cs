using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Glovebox.Functions.Python;

/// <summary>Writes values as Python source.</summary>
internal static class PythonText
{
    /// <summary>A string literal. Whatever the text holds, it stays within.</summary>
    public static string Literal(string text)
    {
        StringBuilder literal = new("'");
        foreach (Rune rune in text.EnumerateRunes())
        {
            literal.Append(rune.Value switch
            {
                '\'' => "\\'",
                '\\' => "\\\\",
                '\n' => "\\n",
                _ => IsPlain(rune) ? rune.ToString() : Escape(rune),
            });
        }

        return literal.Append('\'').ToString();
    }

    /// <summary>A docstring with its quotes, each line after the first with the indentation. Whatever the text holds, it stays
    /// within.</summary>
    public static string Docstring(string text, string indentation)
    {
        StringBuilder literal = new("\"\"\"");
        text = text.ReplaceLineEndings("\n");
        foreach (Rune rune in (text.Contains('\n') ? text + "\n" : text).EnumerateRunes())
        {
            literal.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\n" + indentation,
                _ => IsPlain(rune) ? rune.ToString() : Escape(rune),
            });
        }

        // Quotes are escaped only where three could meet; a text in which none is needed reads better.
        string docstring = literal.Append("\"\"\"").ToString();
        string plain = docstring[3..^3].Replace("\\\"", "\"", StringComparison.Ordinal);
        bool isSafe = !plain.Contains("\"\"\"", StringComparison.Ordinal) && !plain.EndsWith('"') && !text.Contains('\\');
        return TrimLines(isSafe ? $"\"\"\"{plain}\"\"\"" : docstring);
    }

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A JSON value as a Python expression.</summary>
    public static string Literal(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Literal(value.GetString()!),
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.Array => "[" + string.Join(", ", value.EnumerateArray().Select(Literal)) + "]",
        JsonValueKind.Object => "{" + string.Join(
            ", ", value.EnumerateObject().Select(p => $"{Literal(p.Name)}: {Literal(p.Value)}")) + "}",
        _ => "None",
    };

    private static string TrimLines(string text) => string.Join('\n', text.Split('\n').Select(l => l.TrimEnd()));

    /// <summary>Whether a character may stand in source as it is: nothing that a reader would not see, and nothing that ends a
    /// line.</summary>
    private static bool IsPlain(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);

    private static string Escape(Rune rune) =>
        rune.Value <= 0xFFFF
            ? $"\\u{rune.Value.ToString("x4", CultureInfo.InvariantCulture)}"
            : $"\\U{rune.Value.ToString("x8", CultureInfo.InvariantCulture)}";
}
