using System.Buffers;

namespace Glovebox.Functions.Python;

/// <summary>Finds the functions of a piece of Python source, as far as that can be done without Python.</summary>
/// <remarks>It knows strings, comments, brackets and joined lines, which is what it takes to see where a line of code begins. Whether the
/// code is Python at all, only Python itself can say.</remarks>
internal sealed class PythonSource
{
    private const StringComparison Exact = StringComparison.Ordinal;

    private static readonly SearchValues<char> WordCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    private readonly string _text;
    private readonly List<PythonFunction> _functions = [];

    private PythonSource(string text) => _text = text;

    /// <summary>Gives the functions that are defined on the outermost level, in order.</summary>
    public static IReadOnlyList<PythonFunction> Functions(string text)
    {
        PythonSource source = new(text);
        source.Scan();
        return source._functions;
    }

    /// <summary>Takes away blank lines around the code and the indentation that all of it has.</summary>
    public static string Tidy(string text) => Dedent(text).Trim('\n');

    /// <summary>Takes away the indentation that all lines have.</summary>
    public static string Dedent(string text)
    {
        // Only what ends a line for Python: other separators may be part of a string.
        string[] lines = text.TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        int indentation = lines.Where(l => !string.IsNullOrWhiteSpace(l)).Select(
            l => l.Length - l.TrimStart(' ', '\t').Length).DefaultIfEmpty(0).Min();
        return string.Join('\n', lines.Select(l => l.Length >= indentation ? l[indentation..] : ""));
    }

    private void Scan()
    {
        int at = 0;
        while (at < _text.Length)
        {
            if (StartsFunction(at) is { } name)
            {
                int colon = SkipTo(at, ':');
                _functions.Add(new PythonFunction(name, _text[at..Math.Min(colon + 1, _text.Length)], Docstring(colon + 1)));
            }

            at = SkipTo(at, '\n') + 1;
        }
    }

    /// <summary>The name of the function whose definition begins here, or null.</summary>
    private string? StartsFunction(int at)
    {
        ReadOnlySpan<char> rest = _text.AsSpan(at);
        if (Word(ref rest, "async") && !char.IsWhiteSpace(_text[at + 5]))
        {
            return null;
        }

        if (!Word(ref rest, "def"))
        {
            return null;
        }

        int length = rest.IndexOfAnyExcept(WordCharacters);
        return length > 0 ? rest[..length].ToString() : null;
    }

    private static bool Word(ref ReadOnlySpan<char> text, string word)
    {
        if (!text.StartsWith(word, Exact) || text.Length == word.Length || !(text[word.Length] is ' ' or '\t' or '\\'))
        {
            return false;
        }

        text = text[word.Length..].TrimStart(" \t\\\n");
        return true;
    }

    /// <summary>The place of a character outside of strings, comments and brackets, or the text's end.</summary>
    private int SkipTo(int at, char wanted)
    {
        int depth = 0;
        for (; at < _text.Length; at++)
        {
            char c = _text[at];
            if (depth == 0 && c == wanted)
            {
                return at;
            }

            switch (c)
            {
                case '(' or '[' or '{':
                    depth++;
                    break;
                case ')' or ']' or '}':
                    depth = Math.Max(0, depth - 1);
                    break;
                case '\\':
                    at++;
                    break;
                case '#':
                    at = EndOfLine(at) - 1;
                    break;
                case '"' or '\'':
                    at = EndOfString(at) - 1;
                    break;
            }
        }

        return _text.Length;
    }

    private int EndOfLine(int at) => _text.IndexOf('\n', at) is >= 0 and int end ? end : _text.Length;

    private int EndOfString(int at)
    {
        string quote = _text[at].ToString();
        if (_text.AsSpan(at).StartsWith(quote + quote + quote, Exact))
        {
            quote += quote + quote;
        }

        for (at += quote.Length; at < _text.Length; at++)
        {
            if (_text[at] == '\\')
            {
                at++;
            }
            else if (_text.AsSpan(at).StartsWith(quote, Exact))
            {
                return at + quote.Length;
            }
            else if (_text[at] == '\n' && quote.Length == 1)
            {
                // It is not closed: Python will say so.
                return at;
            }
        }

        return _text.Length;
    }

    /// <summary>The string that a function's body begins with, as it is written, or null.</summary>
    private string? Docstring(int at)
    {
        while (at < _text.Length && (char.IsWhiteSpace(_text[at]) || _text[at] == '#'))
        {
            at = _text[at] == '#' ? EndOfLine(at) : at + 1;
        }

        int quote = at < _text.Length && _text[at] is 'r' or 'R' or 'u' or 'U' ? at + 1 : at;
        return quote < _text.Length && _text[quote] is '"' or '\'' ? _text[at..EndOfString(quote)] : null;
    }
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
            string quote = text.StartsWith("\"\"\"", StringComparison.Ordinal) || text.StartsWith("'''", StringComparison.Ordinal) ? text[..3] : text.Length > 0 ? text[..1] : "";
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
