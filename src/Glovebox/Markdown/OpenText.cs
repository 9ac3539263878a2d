namespace Glovebox.Markdown;

/// <summary>Reads code line by line, and knows whether a text of several lines is open: a here-document, or a triple-quoted
/// string.</summary>
/// <remarks>It knows as much of the languages as that takes. A fence inside such a text does not end the block.</remarks>
internal sealed class OpenText
{
    private readonly Func<string, ReadOnlySpan<char>, string?> _read;

    /// <summary>What ends the text that is open: empty where there is no such text.</summary>
    private string _end = "";

    private OpenText(Func<string, ReadOnlySpan<char>, string?> read) => _read = read;

    public bool IsOpen => _end.Length > 0;

    /// <summary>Begins to read a block.</summary>
    /// <param name="language">The language, as the reply names it.</param>
    public static OpenText In(string language) =>
        new(LanguageRegistry.Default.Find(language)?.Name switch
        {
            "python" => ReadPython,
            "csharp" => ReadCSharp,
            "bash" or "sh" => ReadShell,
            "pwsh" => ReadPowerShell,
            _ => (_, _) => null,
        });

    public void Read(ReadOnlySpan<char> line) => _end = _read(_end, line) ?? "";

    private static string? ReadPython(string end, ReadOnlySpan<char> line)
    {
        while (!line.IsEmpty)
        {
            int next = end.Length > 0 ? line.IndexOfAny('\\', end[0]) : line.IndexOfAny('#', '"', '\'');
            if (next < 0 || line[next] == '#')
            {
                break;
            }

            ReadOnlySpan<char> rest = line[next..];
            if (rest[0] == '\\')
            {
                line = rest[Math.Min(2, rest.Length)..];
            }
            else if (end.Length > 0)
            {
                bool isEnd = rest.StartsWith(end);
                line = rest[(isEnd ? end.Length : 1)..];
                end = isEnd ? "" : end;
            }
            else if (rest.StartsWith("\"\"\"") || rest.StartsWith("'''"))
            {
                end = rest[..3].ToString();
                line = rest[3..];
            }
            else
            {
                line = rest[(StringLength(rest, hasEscapes: true) ?? rest.Length)..];
            }
        }

        return end;
    }

    /// <summary>A raw string has as many quotes at its end as at its beginning, and at least three.</summary>
    private static string? ReadCSharp(string end, ReadOnlySpan<char> line)
    {
        while (!line.IsEmpty)
        {
            if (end.Length > 0)
            {
                int found = line.IndexOf(end);
                if (found < 0)
                {
                    break;
                }

                line = line[(found + end.Length)..].TrimStart('"');
                end = "";
                continue;
            }

            int next = line.IndexOfAny('"', '\'', '/');
            if (next < 0 || line[next..].StartsWith("//"))
            {
                break;
            }

            ReadOnlySpan<char> rest = line[next..];
            int quotes = rest.IndexOfAnyExcept('"') is >= 0 and var count ? count : rest.Length;
            if (quotes >= 3)
            {
                line = rest[quotes..];
                end = new string('"', quotes);
            }
            else
            {
                line = rest[(rest[0] == '/' ? 1 : StringLength(rest, hasEscapes: true) ?? rest.Length)..];
            }
        }

        return end;
    }

    /// <summary>The end is the here-document's word, after a tab where its lines may be indented by tabs.</summary>
    private static string? ReadShell(string end, ReadOnlySpan<char> line)
    {
        if (end.Length > 0)
        {
            bool isEnd = end[0] == '\t' ? line.TrimStart('\t').SequenceEqual(end.AsSpan(1)) : line.SequenceEqual(end);
            return isEnd ? "" : end;
        }

        for (int at = 0; at < line.Length; at++)
        {
            ReadOnlySpan<char> rest = line[at..];
            if (rest[0] == '#' && (at == 0 || line[at - 1] is ' ' or '\t' or ';') || rest.StartsWith("(("))
            {
                // A comment; a calculation, in which it shifts bits.
                break;
            }

            if (rest[0] is '"' or '\'' && StringLength(rest, hasEscapes: rest[0] == '"') is { } length)
            {
                at += length - 1;
            }
            else if (rest[0] == '\\')
            {
                at++;
            }
            else if (rest.StartsWith("<<<"))
            {
                at += 2;
            }
            else if (rest.StartsWith("<<"))
            {
                return Word(rest[2..]);
            }
        }

        return "";
    }

    private static string? Word(ReadOnlySpan<char> text)
    {
        bool ignoresTabs = text.StartsWith("-");
        text = (ignoresTabs ? text[1..] : text).TrimStart(" \t");
        ReadOnlySpan<char> word;
        if (!text.IsEmpty && text[0] is '"' or '\'')
        {
            int end = text[1..].IndexOf(text[0]);
            word = end < 0 ? [] : text[1..(end + 1)];
        }
        else
        {
            text = text.TrimStart('\\');
            int end = 0;
            while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '_' or '-' or '.' or '!'))
            {
                end++;
            }

            word = text[..end];
        }

        return word.IsEmpty ? "" : string.Concat(ignoresTabs ? "\t" : "", word);
    }

    private static string? ReadPowerShell(string end, ReadOnlySpan<char> line) =>
        end.Length > 0 ? line.StartsWith(end) ? "" : end
        : line.TrimEnd() switch
        {
            [.., '@', '"'] => "\"@",
            [.., '@', '\''] => "'@",
            _ => "",
        };

    /// <summary>Gives the length of a string with its quotes, or null where it does not end on its line.</summary>
    private static int? StringLength(ReadOnlySpan<char> text, bool hasEscapes)
    {
        for (int at = 1; at < text.Length; at++)
        {
            if (text[at] == text[0])
            {
                return at + 1;
            }

            at += text[at] == '\\' && hasEscapes ? 1 : 0;
        }

        return null;
    }
}
