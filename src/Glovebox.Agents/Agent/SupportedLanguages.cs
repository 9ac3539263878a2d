namespace Glovebox.Agents.Agent;

/// <summary>The languages that an agent runs, by any of their names.</summary>
internal sealed class SupportedLanguages(IReadOnlyList<string> names)
{
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

    /// <summary>The blocks that are to be run, in order, each under its language's canonical name: who approves them sees what they
    /// are.</summary>
    /// <param name="blocks">Blocks in any language.</param>
    /// <param name="known">The executor's languages.</param>
    public IReadOnlyList<CodeBlock> Filter(IReadOnlyList<CodeBlock> blocks, LanguageRegistry known)
    {
        HashSet<string> supported = new(names.Select(n => known.Find(n)?.Name ?? n), StringComparer.OrdinalIgnoreCase);
        if (supported.Contains(CodeLanguage.Sh.Name))
        {
            supported.Add(CodeLanguage.Bash.Name);
        }

        List<CodeBlock> taken = [];
        foreach (CodeBlock block in blocks)
        {
            CodeBlock named = known.Canonical(block) ?? block;
            if (supported.TryGetValue(named.Language, out string? name))
            {
                taken.Add(named with { Language = name });
            }
        }

        return taken;
    }
}
