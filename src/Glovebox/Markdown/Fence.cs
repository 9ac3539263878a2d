namespace Glovebox.Markdown;

/// <summary>The line that opens a block of code.</summary>
/// <param name="Mark">The character that it is made of.</param>
/// <param name="Length">How often.</param>
/// <param name="Column">Where it begins, in the quote that it stands in.</param>
/// <param name="Quotes">How many quotes it stands in.</param>
/// <param name="IsInList">Whether it belongs to a list item.</param>
/// <param name="Info">What follows on its line.</param>
internal sealed record Fence(char Mark, int Length, int Column, int Quotes, bool IsInList, string Info)
{
    /// <summary>How much further than the opening fence a closing one may be indented.</summary>
    private const int MostIndent = 3;

    private const int Shortest = 3;

    /// <summary>Gives the fence that a text begins with, or null.</summary>
    /// <param name="text">A line's text, without what stands before.</param>
    /// <param name="column">Where it begins.</param>
    /// <param name="quotes">How many quotes it stands in.</param>
    /// <param name="isInList">Whether it belongs to a list item.</param>
    public static Fence? Open(ReadOnlySpan<char> text, int column, int quotes, bool isInList)
    {
        if (text.IsEmpty || text[0] is not ('`' or '~'))
        {
            return null;
        }

        int length = text.IndexOfAnyExcept(text[0]) is >= 0 and var end ? end : text.Length;

        // Backticks in a line that begins with backticks are code within a sentence.
        return length < Shortest || text[0] == '`' && text[length..].Contains('`') ? null
            : new(text[0], length, column, quotes, isInList, text[length..].Trim().ToString());
    }

    /// <summary>Whether a line, without its quotes, closes the block.</summary>
    public bool IsClosedBy(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> text = line.Trim();
        return text.Length >= Length && !text.ContainsAnyExcept(Mark) && ReplyLines.Column(line) <= Column + MostIndent;
    }

    /// <summary>Whether a line of code ends with the fence that closes the block, which then has no line of its own.</summary>
    /// <param name="line">The line.</param>
    /// <param name="code">What stands before the fence.</param>
    public bool IsClosedAtEndOf(ReadOnlySpan<char> line, out ReadOnlySpan<char> code)
    {
        ReadOnlySpan<char> text = line.TrimEnd();
        code = text.TrimEnd(Mark);
        return text.Length - code.Length == Length && !code.IsWhiteSpace();
    }
}
