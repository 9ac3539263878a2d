using Microsoft.Extensions.AI;

namespace Glovebox.Agents.Agent;

/// <summary>Finds the code blocks that an agent runs.</summary>
internal static class SupportedLanguages
{
    /// <summary>Gives the code blocks of messages, in any language.</summary>
    public static IReadOnlyList<CodeBlock> Blocks(IEnumerable<ChatMessage> messages) =>
        [.. messages.SelectMany(m => MarkdownCodeBlocks.Extract(m.Text))];

    /// <summary>Gives the blocks that are to be run, in order, each under its language's canonical name, so that those who approve them see
    /// what they are.</summary>
    /// <param name="blocks">Blocks in any language.</param>
    /// <param name="names">The languages to run, by any of their names.</param>
    /// <param name="known">The executor's languages.</param>
    public static IReadOnlyList<CodeBlock> Filter(IEnumerable<CodeBlock> blocks, IEnumerable<string> names, LanguageRegistry known)
    {
        HashSet<string> supported = new(names.Select(n => known.Find(n)?.Name ?? n), StringComparer.OrdinalIgnoreCase);
        if (supported.Contains(CodeLanguage.Sh.Name))
        {
            supported.Add(CodeLanguage.Bash.Name);
        }

        List<CodeBlock> taken = [];
        foreach (CodeBlock block in blocks.Select(b => known.Canonical(b) ?? b))
        {
            if (supported.TryGetValue(block.Language, out string? name))
            {
                taken.Add(block with { Language = name });
            }
        }

        return taken;
    }
}
