using System.Text.Json;
using System.Text.RegularExpressions;

namespace Glovebox.Tests.Docs;

/// <summary>What the documents show and name is there.</summary>
public sealed partial class DocumentTests
{
    /// <summary>All pages: those beside the README, and those in docs.</summary>
    public static TheoryData<string> Documents => [.. Directory.EnumerateFiles(Repository.File("."), "*.md")
        .Concat(Directory.EnumerateFiles(Repository.File("docs"), "*.md", SearchOption.AllDirectories))
        .Select(page => Path.GetRelativePath(Repository.File("."), page))
        .Order(StringComparer.Ordinal)];

    public static TheoryData<string, string> Snippets
    {
        get
        {
            TheoryData<string, string> found = [];
            foreach (string document in Documents.Select(row => row.Data))
            {
                foreach (CodeBlock block in MarkdownCodeBlocks.Extract(Read(document)).Where(b => b.Language == "csharp"))
                {
                    found.Add(document, block.Code);
                }
            }

            return found;
        }
    }

    /// <summary>The samples, and the snippets that the tests of each project compile and run.</summary>
    private static IEnumerable<string> Programs =>
        Directory.EnumerateFiles(Repository.File("samples"), "Program.cs", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Repository.File("tests"), "*Snippets.cs", SearchOption.AllDirectories));

    [Theory]
    [MemberData(nameof(Snippets))]
    public void A_CSharp_snippet_is_code_that_is_compiled_and_run(string document, string snippet) => Assert.True(
        Programs.Any(program => Lines(File.ReadAllText(program)).Contains(Lines(snippet), StringComparison.Ordinal)),
        $"No sample and no file of snippets holds this code of {document}:\n{snippet}");

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_lead_somewhere(string document)
    {
        string text = Read(document);
        string from = Path.GetDirectoryName(Repository.File(document))!;
        Assert.All(RelativeLink().Matches(text).Select(m => m.Groups[1].Value), link =>
        {
            string[] parts = link.Split('#');
            string target = parts[0].Length == 0 ? Repository.File(document) : Path.GetFullPath(Path.Combine(from, parts[0]));
            Assert.True(Path.Exists(target), $"{document} links to {link}, which does not exist.");
            if (parts.Length == 2)
            {
                Assert.Contains(parts[1], Heading().Matches(File.ReadAllText(target)).Select(m => Anchor(m.Groups[1].Value)));
            }
        });
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Files_that_are_named_are_there(string document) =>
        Assert.All(Named(RepositoryPath(), document), path => Assert.True(Path.Exists(Repository.File(path)), $"{document} names {path}."));

    [Fact]
    public void The_architecture_names_what_is_in_the_source()
    {
        const string document = "docs/architecture.md";
        string[] files = [.. Directory.EnumerateFiles(Repository.File("src"), "*", SearchOption.AllDirectories)];
        HashSet<string> words = [.. files.Where(f => Path.GetExtension(f) is ".cs" or ".py")
            .SelectMany(f => Word().Matches(File.ReadAllText(f)).Select(m => m.Value))];
        Assert.All(Named(SourceName(), document), name => Assert.Contains(name, words));
        Assert.All(
            Named(SourcePath(), document),
            path => Assert.Contains(files, f => $"{f}/".Contains($"/{path}/", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_dev_container_is_built_of_a_file_that_is_there()
    {
        using JsonDocument container = JsonDocument.Parse(
            Read(".devcontainer/devcontainer.json"), new() { CommentHandling = JsonCommentHandling.Skip });
        string file = container.RootElement.GetProperty("build").GetProperty("dockerfile").GetString()!;
        Assert.Contains(
            $"useradd --create-home --uid 1000 --shell /bin/bash {container.RootElement.GetProperty("remoteUser")} \\\n",
            Read($".devcontainer/{file}"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_options_of_the_table_exist()
    {
        string[] names = [.. typeof(InterpreterCodeExecutorOptions).GetProperties().Concat(typeof(LocalCommandLineCodeExecutorOptions).GetProperties())
            .Select(p => p.Name).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(names, TableNames("| option | default | |").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_policies_of_the_table_exist() => Assert.Equal(
        typeof(ExecutionPolicy).GetProperties().Where(p => p.Name != "EqualityContract").Select(p => p.Name).Order(StringComparer.Ordinal),
        TableNames("| `ExecutionPolicy` | default | enforced by |").Order(StringComparer.Ordinal));

    [Fact]
    public void Every_language_and_alias_is_named()
    {
        string text = Read("README.md");
        Assert.All(CodeLanguage.Defaults.SelectMany(l => l.Aliases.Prepend(l.Name)), name => Assert.Contains($"`{name}`", text, StringComparison.Ordinal));
    }

    /// <summary>The code of the first column of the table with this heading.</summary>
    private static IEnumerable<string> TableNames(string heading) =>
        Read("README.md").Split(heading + "\n")[1].Split("\n\n")[0].Split('\n').Skip(1).Select(row => row.Split('`')[1]);

    /// <summary>What a page names in code.</summary>
    private static IEnumerable<string> Named(Regex pattern, string document) => pattern.Matches(Read(document)).Select(m => m.Groups[1].Value);

    private static string Read(string file) => File.ReadAllText(Repository.File(file));

    /// <summary>The text without indentation and blank lines.</summary>
    private static string Lines(string text) =>
        string.Join('\n', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static string Anchor(string heading) => AnchorDrops().Replace(heading.ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\((?!https?:)([^)\s]+)\)")]
    private static partial Regex RelativeLink();

    [GeneratedRegex(@"`((?:src|tests|bench|samples|docs|eng)/[\w./-]+)")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"`([A-Z]\w+)`")]
    private static partial Regex SourceName();

    /// <summary>A path below a project: a folder or a file.</summary>
    [GeneratedRegex(@"`([A-Z]\w*(?:/[\w.]+)+)`")]
    private static partial Regex SourcePath();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("[^a-z0-9 -]")]
    private static partial Regex AnchorDrops();
}
