namespace Glovebox.Agents.Tests.Docs;

/// <summary>What docs/agents.md shows is true.</summary>
public sealed class DocumentTests
{
    public static TheoryData<string> Snippets =>
        [.. MarkdownCodeBlocks.Extract(Read("docs/agents.md")).Where(b => b.Language == "csharp").Select(b => b.Code)];

    [Theory]
    [MemberData(nameof(Snippets))]
    public void A_snippet_is_code_that_is_compiled_and_run(string snippet) =>
        Assert.Contains(Lines(snippet), Lines(Read("tests/Glovebox.Agents.Tests/Docs/AgentsSnippets.cs")), StringComparison.Ordinal);

    private static string Read(string file) => File.ReadAllText(Repository.File(file));

    /// <summary>The text without indentation and blank lines.</summary>
    private static string Lines(string text) =>
        string.Join('\n', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
