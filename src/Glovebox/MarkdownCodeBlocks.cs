using System.Buffers;
using Markdig;
using Markdig.Parsers;
using Markdig.Syntax;

namespace Glovebox;

/// <summary>Takes the code blocks out of a model's reply in Markdown.</summary>
public static class MarkdownCodeBlocks
{
    private static readonly SearchValues<char> AfterLanguage = SearchValues.Create(" \t{,=;");

    private static readonly MarkdownPipeline Pipeline = CreatePipeline();

    /// <summary>Gives the fenced code blocks that name a language, in order.</summary>
    /// <remarks>
    /// Fences are of three or more backticks or tildes, closed by as many or more; a fence inside a longer one is text, and one that is
    /// never closed goes to the end. A fence may stand in a list or a quote, and be indented by any number of spaces: models do so, though
    /// CommonMark takes four for another kind of code. What follows the language's name on its line is left out.
    /// Fences without a language, and code that is only indented, are not given: nobody can say what would run them.
    /// </remarks>
    /// <param name="markdown">The reply.</param>
    /// <returns>The blocks. The language is in lower case, aliases as they were written; lines of the code end with a line feed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="markdown"/> is null.</exception>
    /// <exception cref="FormatException">Quotes or lists are nested too deep to be a reply.</exception>
    public static IReadOnlyList<CodeBlock> Extract(string markdown)
    {
        ArgumentNullException.ThrowIfNull(markdown);
        MarkdownDocument document;
        try
        {
            document = Markdig.Markdown.Parse(markdown.TrimStart('\uFEFF'), Pipeline);
        }
        catch (ArgumentException e)
        {
            // What Markdig says of a nesting that would exhaust the stack.
            throw new FormatException("The Markdown is nested too deep.", e);
        }

        List<CodeBlock> blocks = [];
        foreach (FencedCodeBlock fence in document.Descendants<FencedCodeBlock>())
        {
            string language = Language((fence.Info ?? "") + " " + (fence.Arguments ?? ""));
            if (language.Length > 0)
            {
                blocks.Add(new CodeBlock(language, Code(fence)));
            }
        }

        return blocks;
    }

    private static MarkdownPipeline CreatePipeline()
    {
        MarkdownPipelineBuilder builder = new();

        // Only the blocks matter: no inline is parsed, no HTML block hides a fence, no indentation makes code of one.
        builder.BlockParsers.Clear();
        builder.BlockParsers.AddRange(
        [
            new ThematicBreakParser(),
            new QuoteBlockParser(),
            new ListBlockParser(),
            new AnyIndentFenceParser(),
            new ParagraphBlockParser(),
        ]);
        builder.InlineParsers.Clear();
        return builder.Build();
    }

    /// <summary>Takes the name out of <c>python title="x"</c>, <c>{python}</c>, <c>{.python .numberLines}</c>.</summary>
    private static string Language(string info)
    {
        string text = info.Trim();
        if (text.StartsWith('{'))
        {
            text = text.TrimStart('{').TrimStart('.', ' ').Replace('}', ' ');
        }

        int end = text.AsSpan().IndexOfAny(AfterLanguage);
        return (end < 0 ? text : text[..end]).ToLowerInvariant();
    }

    private static string Code(FencedCodeBlock fence)
    {
        int indent = fence.GetData(AnyIndentFenceParser.IndentKey) is int extra ? extra : 0;
        System.Text.StringBuilder code = new();
        for (int i = 0; i < fence.Lines.Count; i++)
        {
            ReadOnlySpan<char> line = fence.Lines.Lines[i].Slice.AsSpan();
            int cut = 0;
            while (cut < indent && cut < line.Length && line[cut] == ' ')
            {
                cut++;
            }

            code.Append(line[cut..]).Append('\n');
        }

        return code.ToString();
    }

    /// <summary>Fences that may be indented by more than CommonMark's three spaces.</summary>
    private sealed class AnyIndentFenceParser : FencedCodeBlockParser
    {
        public static readonly object IndentKey = new();

        public override BlockState TryOpen(BlockProcessor processor)
        {
            int indent = processor.Indent;
            if (!processor.IsCodeIndent)
            {
                return base.TryOpen(processor);
            }

            processor.RestartIndent();
            BlockState state = base.TryOpen(processor);
            if (state is not BlockState.None && processor.NewBlocks.TryPeek(out Block? block))
            {
                block.SetData(IndentKey, indent);
            }

            return state;
        }

        public override BlockState TryContinue(BlockProcessor processor, Block block)
        {
            if (block.GetData(IndentKey) is not null && processor.IsCodeIndent && Closes((FencedCodeBlock)block, processor.Line.AsSpan()))
            {
                processor.RestartIndent();
            }

            return base.TryContinue(processor, block);
        }

        private static bool Closes(FencedCodeBlock fence, ReadOnlySpan<char> line)
        {
            ReadOnlySpan<char> text = line.Trim();
            return text.Length >= fence.OpeningFencedCharCount && text.IndexOfAnyExcept(fence.FencedChar) < 0;
        }
    }
}
