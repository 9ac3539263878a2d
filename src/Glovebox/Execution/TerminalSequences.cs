using System.Buffers;
using System.Text;

namespace Glovebox.Execution;

/// <summary>Takes the control sequences of terminals out of text: colours, movements of the cursor, titles.</summary>
/// <remarks>ECMA-48. By hand, because the text may be hostile: it is read in one pass, and what is not a whole sequence hides nothing but
/// its own beginning.</remarks>
internal static class TerminalSequences
{
    private const char Escape = '\u001b';
    private const char Bell = '\u0007';
    private const char StringTerminator = '\u009c';

    /// <summary>The first character of a sequence: escape, or one of those that stand for escape and a letter.</summary>
    private static readonly SearchValues<char> Starts = SearchValues.Create("\u001b\u0090\u0098\u009b\u009d\u009e\u009f");

    /// <summary>What ends a string, well or not.</summary>
    private static readonly SearchValues<char> StringEnds =
        SearchValues.Create("\u0007\n\u009c\u001b\u0090\u0098\u009b\u009d\u009e\u009f");

    public static string Remove(string text)
    {
        ReadOnlySpan<char> rest = text;
        int at = rest.IndexOfAny(Starts);
        if (at < 0)
        {
            return text;
        }

        StringBuilder clean = new(text.Length);
        for (; at >= 0; at = rest.IndexOfAny(Starts))
        {
            clean.Append(rest[..at]);
            rest = rest[at..];
            rest = rest[Length(rest)..];
        }

        return clean.Append(rest).ToString();
    }

    /// <summary>How many characters of the sequence that a text begins with are to go.</summary>
    private static int Length(ReadOnlySpan<char> text)
    {
        if (text.Length == 1 && text[0] == Escape)
        {
            return 1;
        }

        (char kind, int start) = text[0] == Escape ? (text[1], 2) : ((char)(text[0] - 0x40), 1);
        return kind switch
        {
            '[' => ControlLength(text, start),
            ']' or 'P' or 'X' or '^' or '_' => StringLength(text, start),
            _ => ShortLength(text),
        };
    }

    /// <summary>Parameters, then what comes between, then one letter.</summary>
    private static int ControlLength(ReadOnlySpan<char> text, int at)
    {
        at = Skip(text, at, '0', '?');
        at = Skip(text, at, ' ', '/');
        return at == text.Length ? at : text[at] is >= '@' and <= '~' ? at + 1 : 1;
    }

    /// <summary>A title, say: to a bell or a terminator on the same line.</summary>
    private static int StringLength(ReadOnlySpan<char> text, int start)
    {
        int end = text[start..].IndexOfAny(StringEnds);
        ReadOnlySpan<char> after = end < 0 ? [] : text[(start + end)..];
        return after switch
        {
            [Bell or StringTerminator, ..] => start + end + 1,
            [Escape, '\\', ..] => start + end + 2,
            _ => start,
        };
    }

    /// <summary>Escape, what comes between, and one letter.</summary>
    private static int ShortLength(ReadOnlySpan<char> text)
    {
        int at = Skip(text, 1, ' ', '/');
        return at == text.Length ? at : text[at] is >= '0' and <= '~' ? at + 1 : 1;
    }

    private static int Skip(ReadOnlySpan<char> text, int at, char first, char last)
    {
        while (at < text.Length && text[at] >= first && text[at] <= last)
        {
            at++;
        }

        return at;
    }
}
