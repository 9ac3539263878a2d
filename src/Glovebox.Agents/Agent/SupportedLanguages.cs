namespace Glovebox.Agents;

/// <summary>The languages that an agent runs, by any of their names.</summary>
internal sealed class SupportedLanguages(IReadOnlyList<string> names)
{
    private static readonly LanguageRegistry Known = new([]);

    /// <summary>The blocks of a text, in any language.</summary>
    public static IReadOnlyList<CodeBlock> Blocks(string markdown)
    {
        try
        {
            return MarkdownCodeBlocks.Extract(markdown);
        }
        catch (FormatException)
        {
            // Nested too deep to be a reply: nothing to run.
            return [];
        }
    }

    /// <summary>The blocks that are to be run, in order.</summary>
    /// <param name="blocks">Blocks in any language.</param>
    /// <param name="executor">Knows its languages' aliases.</param>
    public IReadOnlyList<CodeBlock> Filter(IReadOnlyList<CodeBlock> blocks, ICodeExecutor executor)
    {
        LanguageRegistry registry = executor.GetService<LanguageRegistry>() ?? Known;
        HashSet<string> supported = new(names.Select(n => Canonical(n, registry)), StringComparer.OrdinalIgnoreCase);
        if (supported.Contains(CodeLanguage.Sh.Name))
        {
            supported.Add(CodeLanguage.Bash.Name);
        }

        return [.. blocks.Where(b => supported.Contains(Canonical(b.Language, registry)))];
    }

    private static string Canonical(string name, LanguageRegistry registry) => registry.Find(name)?.Name ?? name;
}
