namespace Glovebox.Markdown;

/// <summary>The lines of a reply, without their ends, and where they stand in quotes and lists.</summary>
internal sealed class ReplyLines
{
    private const int TabStop = 4;

    private readonly string _text;
    private readonly List<(int Start, int Length)> _lines = [];

    public ReplyLines(string text)
    {
        _text = text;
        for (int start = 0; start < text.Length;)
        {
            int end = text.AsSpan(start).IndexOfAny('\r', '\n') is >= 0 and var found ? start + found : text.Length;
            _lines.Add((start, end - start));
            start = end + (text.AsSpan(end).StartsWith("\r\n") ? 2 : 1);
        }
    }

    public int Count => _lines.Count;

    public ReadOnlySpan<char> this[int index] => _text.AsSpan(_lines[index].Start, _lines[index].Length);

    /// <summary>Takes characters off the beginning of a line, which was read up to there.</summary>
    public void Skip(int index, int characters) =>
        _lines[index] = (_lines[index].Start + characters, _lines[index].Length - characters);

    /// <summary>Passes over white space and the marks of quotes and list items.</summary>
    public static (int Position, int Column, int Quotes, bool StartsItem) Enter(ReadOnlySpan<char> line)
    {
        (int position, int column, int quotes, bool startsItem) = (0, 0, 0, false);
        while (true)
        {
            Indent(line, ref position, ref column, int.MaxValue);
            if (position == line.Length)
            {
                return (position, column, quotes, startsItem);
            }

            if (line[position] == '>')
            {
                (position, column, quotes, startsItem) = (AfterQuote(line, position), 0, quotes + 1, false);
            }
            else if (ItemMark(line[position..]) is > 0 and var length)
            {
                (position, column, startsItem) = (position + length, column + length, true);
            }
            else
            {
                return (position, column, quotes, startsItem);
            }
        }
    }

    /// <summary>Takes the marks of quotes off a line.</summary>
    /// <returns>Whether it has as many.</returns>
    public static bool TryUnquote(ref ReadOnlySpan<char> line, int quotes)
    {
        for (int i = 0; i < quotes; i++)
        {
            int position = line.IndexOfAnyExcept(' ', '\t');
            if (position < 0 || line[position] != '>')
            {
                return false;
            }

            line = line[AfterQuote(line, position)..];
        }

        return true;
    }

    /// <summary>Gives the column at which a line's text begins.</summary>
    public static int Column(ReadOnlySpan<char> line)
    {
        (int position, int column) = (0, 0);
        Indent(line, ref position, ref column, int.MaxValue);
        return column;
    }

    /// <summary>Takes white space off the beginning of a line, up to a column. What a tab has beyond it becomes spaces.</summary>
    public static string Outdent(ReadOnlySpan<char> line, int most)
    {
        (int position, int column) = (0, 0);
        Indent(line, ref position, ref column, most);
        return string.Concat(new string(' ', Math.Max(0, column - most)), line[position..]);
    }

    private static void Indent(ReadOnlySpan<char> line, ref int position, ref int column, int most)
    {
        for (; position < line.Length && column < most; position++)
        {
            if (line[position] == ' ')
            {
                column++;
            }
            else if (line[position] == '\t')
            {
                column += TabStop - (column % TabStop);
            }
            else
            {
                return;
            }
        }
    }

    private static int AfterQuote(ReadOnlySpan<char> line, int mark) => mark + (mark + 1 < line.Length && line[mark + 1] == ' ' ? 2 : 1);

    /// <summary>Gives the length of the mark that begins a list item, or 0: <c>-</c>, <c>*</c>, <c>+</c>, <c>1.</c>, <c>1)</c>, and white
    /// space.</summary>
    private static int ItemMark(ReadOnlySpan<char> text)
    {
        int digits = text.IndexOfAnyExceptInRange('0', '9');
        int length = digits switch
        {
            0 when text[0] is '-' or '*' or '+' => 1,
            > 0 and <= 9 when text[digits] is '.' or ')' => digits + 1,
            _ => 0,
        };
        return length > 0 && length < text.Length && text[length] is ' ' or '\t' ? length : 0;
    }
}
