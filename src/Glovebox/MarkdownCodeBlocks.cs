using Glovebox.Markdown;

namespace Glovebox;

/// <summary>Takes the code blocks out of a model's reply in Markdown.</summary>
public static class MarkdownCodeBlocks
{
    /// <summary>Gives the fenced code blocks that name a language, in order.</summary>
    /// <remarks>
    /// Fences are those of CommonMark: three or more backticks or tildes, closed by as many or more; a fence inside a longer one is text,
    /// and one that is never closed goes to the end. Models do not keep to it, so more is read:
    /// <list type="bullet">
    /// <item>a fence that is indented by any number of spaces or tabs, and code in a list that is indented less than its fence;</item>
    /// <item>a closing fence at the end of the last line of code;</item>
    /// <item>a fence inside a here-document or a triple-quoted string: the block goes on, if the text is closed further down;</item>
    /// <item><c>python:app.py</c>: the code gets a first line <c># filename: app.py</c>;</item>
    /// <item><c>{python}</c>, <c>{.python .numberLines}</c>, <c>{#id .python}</c>, <c>python title="x"</c>;</item>
    /// <item>drafts: what stands between lines that begin with <c>&lt;think&gt;</c> or <c>&lt;thinking&gt;</c> and their ends is left
    /// out; so is what comes before an end without a beginning, and what follows a beginning without an end.</item>
    /// </list>
    /// Fences without a language, and code that is only indented, are not given: what would run them is unknown.
    /// </remarks>
    /// <param name="markdown">The reply.</param>
    /// <returns>The blocks. The language is in lower case, aliases as they were written; lines of the code end with a line feed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="markdown"/> is null.</exception>
    public static IReadOnlyList<CodeBlock> Extract(string markdown)
    {
        ArgumentNullException.ThrowIfNull(markdown);
        return new ReplyScanner(markdown.TrimStart('\uFEFF')).Read();
    }

    /// <summary>Takes off a fence that stands around a whole text: models add one where code alone was asked for.</summary>
    /// <param name="code">The code, such as an argument of a tool call.</param>
    /// <returns>The code inside the fence, whether or not that names a language. A text that is not fenced as a whole stays as it is.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="code"/> is null.</exception>
    public static string Unfence(string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return new ReplyScanner(code.Trim('\uFEFF', ' ', '\t', '\r', '\n')).ReadOnlyBlock() ?? code;
    }
}
