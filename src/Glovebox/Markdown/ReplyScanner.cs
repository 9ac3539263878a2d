using System.Text;

namespace Glovebox.Markdown;

/// <summary>Reads a reply line by line, and takes its blocks of code out.</summary>
/// <remarks>It follows CommonMark, and models where they write otherwise: see <see cref="MarkdownCodeBlocks.Extract"/>.</remarks>
internal sealed class ReplyScanner(string reply)
{
    /// <summary>How many lines that could close a block are looked at for one outside of an open text.</summary>
    private const int MostLooks = 100;

    private static readonly string[] Drafts = ["think", "thinking"];

    private readonly ReplyLines _lines = new(reply);
    private readonly List<CodeBlock> _blocks = [];

    /// <summary>How many lines may still be read in vain, so that no reply takes longer than its length allows.</summary>
    private int _linesInVain = 1000;

    private int _at;
    private bool _isInList;

    public IReadOnlyList<CodeBlock> Read()
    {
        _linesInVain += 4 * _lines.Count;
        for (bool isAfterBlank = true; _at < _lines.Count;)
        {
            ReadOnlySpan<char> line = _lines[_at];
            if (SkipDraft(line))
            {
                continue;
            }

            (int position, int column, int quotes, bool startsItem) = ReplyLines.Enter(line);
            bool isBlank = position == line.Length;
            _isInList = startsItem || _isInList && !(isAfterBlank && !isBlank && column == 0);
            isAfterBlank = isBlank;
            _at++;
            if (Fence.Open(line[position..], column, quotes, _isInList && column > 0) is { } fence)
            {
                FenceInfo info = FenceInfo.Read(fence.Info);
                string code = ReadBlock(fence, info);
                if (info.Language.Length > 0)
                {
                    _blocks.Add(new CodeBlock(info.Language, code));
                }
            }
        }

        return _blocks;
    }

    /// <summary>Gives the code of the only block, if the reply is nothing else.</summary>
    public string? ReadOnlyBlock()
    {
        if (_lines.Count == 0 || Fence.Open(_lines[0], 0, 0, isInList: false) is not { } fence)
        {
            return null;
        }

        _at = 1;
        string code = ReadBlock(fence, FenceInfo.Read(fence.Info));
        return _at == _lines.Count ? code : null;
    }

    /// <summary>Passes over what a model thought before it replied. A draft that has no end is all of the rest, and one that has no
    /// beginning, all that was before.</summary>
    private bool SkipDraft(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> text = line.Trim();
        if (!text.Contains('<'))
        {
            return false;
        }

        foreach (string draft in Drafts)
        {
            string end = $"</{draft}>";
            if (text.StartsWith($"<{draft}>", StringComparison.OrdinalIgnoreCase))
            {
                while (_at < _lines.Count && !SkipThrough(end))
                {
                    _at++;
                }

                return true;
            }

            if (text.StartsWith(end, StringComparison.OrdinalIgnoreCase) || text.EndsWith(end, StringComparison.OrdinalIgnoreCase))
            {
                _blocks.Clear();
                return SkipThrough(end);
            }
        }

        return false;
    }

    private bool SkipThrough(string end)
    {
        int found = _lines[_at].IndexOf(end, StringComparison.OrdinalIgnoreCase);
        if (found >= 0)
        {
            _lines.Skip(_at, found + end.Length);
        }

        return found >= 0;
    }

    /// <summary>Reads the lines that follow a fence, and goes behind the block.</summary>
    private string ReadBlock(Fence fence, FenceInfo info)
    {
        int first = _at;
        string? lastLine = FindEnd(fence, info.Language);
        string code = Code(fence, info, first, lastLine);

        // What closes the block is a line of its own, or the end of the last line of code.
        if (lastLine is not null || _at < _lines.Count && IsClosed(fence, _at))
        {
            _at++;
        }

        return code;
    }

    /// <summary>Goes to the line that ends the block.</summary>
    /// <returns>The code of that line, if it holds code and the closing fence; else null.</returns>
    private string? FindEnd(Fence fence, string language)
    {
        OpenText text = OpenText.In(language);
        int start = _at, looks = 0, firstClosing = -1;
        bool isIndented = false, isFirst = true, mayEndAtLineEnd = true, mayBeOutdented = false;
        for (; _at < _lines.Count; _at++)
        {
            ReadOnlySpan<char> line = _lines[_at];
            if (!ReplyLines.TryUnquote(ref line, fence.Quotes))
            {
                break;
            }

            if (fence.IsClosedBy(line))
            {
                firstClosing = firstClosing < 0 ? _at : firstClosing;
                if (!text.IsOpen)
                {
                    return null;
                }

                if (++looks >= MostLooks || _at - firstClosing > _linesInVain)
                {
                    break;
                }
            }
            else if (!line.IsWhiteSpace())
            {
                isIndented = isFirst ? ReplyLines.Column(line) >= fence.Column : isIndented;
                isFirst = false;
                if (fence.IsInList && isIndented && !mayBeOutdented && !text.IsOpen && ReplyLines.Column(line) < fence.Column)
                {
                    // The list ends here, and the block with it, unless the block is closed further down.
                    if (ClosingLines(fence, _at, out bool isOpenedFirst) == 0 || isOpenedFirst)
                    {
                        break;
                    }

                    mayBeOutdented = true;
                }

                if (mayEndAtLineEnd && !text.IsOpen && !IsComment(line, language)
                    && fence.IsClosedAtEndOf(line, out ReadOnlySpan<char> code))
                {
                    // Where the fences that follow are pairs, none of them is missing one.
                    mayEndAtLineEnd = false;
                    if (int.IsEvenInteger(ClosingLines(fence, _at + 1, out _)))
                    {
                        return code.ToString();
                    }
                }
            }

            text.Read(line);
        }

        if (firstClosing >= 0)
        {
            _linesInVain -= _at - firstClosing;
            _at = firstClosing;
        }

        return null;
    }

    private bool IsClosed(Fence fence, int index)
    {
        ReadOnlySpan<char> line = _lines[index];
        return ReplyLines.TryUnquote(ref line, fence.Quotes) && fence.IsClosedBy(line);
    }

    /// <summary>Counts the lines that could close the block, up to the next line that opens one.</summary>
    /// <param name="fence">The block's fence.</param>
    /// <param name="from">The first line.</param>
    /// <param name="isOpenedFirst">Whether the first fence of all opens a block.</param>
    private int ClosingLines(Fence fence, int from, out bool isOpenedFirst)
    {
        int count = 0;
        for (int i = from; i < _lines.Count; i++)
        {
            ReadOnlySpan<char> line = _lines[i];
            if (IsClosed(fence, i))
            {
                count++;
            }
            else if (Fence.Open(line[ReplyLines.Enter(line).Position..], 0, 0, false) is { Info.Length: > 0 })
            {
                break;
            }
        }

        isOpenedFirst = count == 0;
        return count;
    }

    private string Code(Fence fence, FenceInfo info, int first, string? lastLine)
    {
        List<string> lines = [];
        int? indent = null;
        for (int i = first; i < _at + (lastLine is null ? 0 : 1); i++)
        {
            ReadOnlySpan<char> line = _lines[i];
            ReplyLines.TryUnquote(ref line, fence.Quotes);
            line = i == _at ? lastLine : line;

            // Where code is not indented as its fence is, as in a list, what indents it is its own.
            indent ??= line.IsWhiteSpace() ? null
                : fence.IsInList || fence.Column > 3 ? Math.Min(fence.Column, ReplyLines.Column(line))
                : fence.Column;
            lines.Add(ReplyLines.Outdent(line, indent ?? fence.Column));
        }

        if (info.FileName is { } name && LanguageRegistry.Default.Find(info.Language) is { } language)
        {
            int at = lines is [var shebang, ..] && shebang.StartsWith("#!", StringComparison.Ordinal) ? 1 : 0;
            lines.Insert(at, $"{language.LineComments[0]} filename: {name}");
        }

        StringBuilder code = new();
        foreach (string line in lines)
        {
            code.Append(line).Append('\n');
        }

        return code.ToString();
    }

    private static bool IsComment(ReadOnlySpan<char> line, string language)
    {
        foreach (string comment in LanguageRegistry.Default.Find(language)?.LineComments ?? [])
        {
            if (line.TrimStart().StartsWith(comment, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
