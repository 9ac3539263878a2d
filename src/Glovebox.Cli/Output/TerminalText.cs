using System.Buffers;
using System.Globalization;
using System.Text;

namespace Glovebox.Cli.Output;

/// <summary>Makes the text of a guest safe to show in a terminal, piece by piece.</summary>
/// <remarks>A terminal obeys what it is sent: it can be made to hide text, to change its title, to answer as if the user had typed. Only
/// line feeds, tabs, carriage returns and colours (SGR) pass; any other control character is shown as a picture of itself.</remarks>
/// <param name="passesColours">Whether colours pass, or are left out.</param>
internal sealed class TerminalText(bool passesColours)
{
    private const char Escape = '\u001b';
    private const int LongestColour = 32;

    /// <summary>Controls, and what turns the direction of text around.</summary>
    private static readonly SearchValues<char> Unsafe = SearchValues.Create(
    [
        .. Range(0, 0x1f).Except(['\n', '\t', '\r']), .. Range(0x7f, 0x9f), .. Range(0x202a, 0x202e), .. Range(0x2066, 0x2069),
    ]);

    private static readonly SearchValues<char> ColourParameters = SearchValues.Create("0123456789;:");

    /// <summary>The beginning of a colour whose end has not arrived.</summary>
    private string _pending = "";

    /// <summary>Makes a text safe; the beginning of a colour at its end is held back for the next.</summary>
    public string Clean(string text)
    {
        if (_pending.Length > 0)
        {
            text = _pending + text;
            _pending = "";
        }

        StringBuilder clean = new(text.Length);
        ReadOnlySpan<char> rest = text;
        for (int at; (at = rest.IndexOfAny(Unsafe)) >= 0;)
        {
            clean.Append(rest[..at]);
            rest = rest[at..];
            int length = rest[0] == Escape ? ColourLength(rest) : -1;
            if (length == 0)
            {
                _pending = rest.ToString();
                return clean.ToString();
            }

            if (length < 0)
            {
                clean.Append(Picture(rest[0]));
                length = 1;
            }
            else if (passesColours)
            {
                clean.Append(rest[..length]);
            }

            rest = rest[length..];
        }

        return clean.Append(rest).ToString();
    }

    /// <summary>Gives what was held back.</summary>
    public string End()
    {
        string clean = string.Concat(_pending.Select(c => Unsafe.Contains(c) ? Picture(c) : c.ToString()));
        _pending = "";
        return clean;
    }

    /// <summary>Makes a text safe that is to stay on one line and to hide nothing, such as a file's name or a line of code.</summary>
    public static string Line(string text)
    {
        StringBuilder clean = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            // Characters without a shape (joiners, tags, marks of direction) would make two different texts look the same.
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                clean.Append(Picture(rune.Value));
            }
            else
            {
                clean.Append(rune);
            }
        }

        return clean.ToString();
    }

    /// <summary>The length of the colour that a text begins with: 0 when its end has not arrived, -1 when it is not a colour.</summary>
    private static int ColourLength(ReadOnlySpan<char> text)
    {
        if (text.Length > 1 && text[1] != '[')
        {
            return -1;
        }

        int parameters = text.Length < 2 ? 0 : text[2..].IndexOfAnyExcept(ColourParameters);
        int end = parameters < 0 ? text.Length : 2 + parameters;
        return end > LongestColour ? -1
            : end >= text.Length ? 0
            : text[end] == 'm' ? end + 1
            : -1;
    }

    private static string Picture(int c) => c switch
    {
        < ' ' => ((char)('\u2400' + c)).ToString(),
        '\u007f' => "\u2421",
        _ => $"<U+{c:X4}>",
    };

    private static IEnumerable<char> Range(int first, int last) => Enumerable.Range(first, last - first + 1).Select(c => (char)c);
}
