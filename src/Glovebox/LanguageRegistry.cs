namespace Glovebox;

/// <summary>The languages that an executor knows, by name and alias.</summary>
/// <remarks>
/// What decides whether a block may run must not compare the name that a model wrote: <c>py</c>, <c>Python</c> and <c>python3</c> run as
/// <c>python</c> does. An executor gives its registry by <see cref="ICodeExecutor.GetService"/>; one of your own that runs other languages
/// than <see cref="CodeLanguage.Defaults"/> has to, or approvals let no block in them through. A name that is found leads to a language,
/// and that language's own name leads to the same one, so a block that is approved under it runs as it. Never changes; safe for
/// concurrent use.
/// </remarks>
public sealed class LanguageRegistry
{
    private readonly Dictionary<string, CodeLanguage> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _skipped;

    /// <summary>Makes a registry of the default languages and others.</summary>
    /// <param name="added">Further languages. One that takes the name of another replaces it, its aliases included; of two that take an
    /// alias, the later has it.</param>
    /// <param name="skipped">Names of which blocks are skipped, unless a language has the name; see <see cref="IsSkipped"/>. Null: none.
    /// </param>
    /// <exception cref="ArgumentException">A language has no name, no program or no file extension, or a skipped name is empty.</exception>
    public LanguageRegistry(IEnumerable<CodeLanguage> added, IEnumerable<string>? skipped = null)
    {
        ArgumentNullException.ThrowIfNull(added);
        _skipped = new((skipped ?? []).Select(Trimmed), StringComparer.OrdinalIgnoreCase);
        foreach (CodeLanguage language in CodeLanguage.Defaults)
        {
            Add(language);
        }

        foreach (CodeLanguage language in added)
        {
            Validate(language);
            Add(language);
        }
    }

    private LanguageRegistry(LanguageRegistry like, CodeLanguage language)
    {
        _byName = new(like._byName, StringComparer.OrdinalIgnoreCase);
        _skipped = like._skipped;
        Add(language);
    }

    /// <summary>Gets names of data and text that models put into fences and that nothing runs: <c>json</c>, <c>yaml</c>, <c>text</c>,
    /// <c>output</c>, <c>diff</c> and the like. Meant for <see cref="CommandLineCodeExecutorOptions.SkippedLanguages"/>.</summary>
    public static IReadOnlyList<string> DataFormats { get; } =
    [
        "json", "jsonc", "json5", "jsonl", "ndjson", "yaml", "yml", "toml", "ini", "conf", "cfg", "config", "properties", "env", "dotenv",
        "csv", "tsv", "xml", "html", "htm", "xhtml", "css", "scss", "less", "svg", "markdown", "md", "mdx", "rst", "latex", "tex", "bibtex",
        "mermaid", "plantuml", "dot", "graphviz", "math", "http", "text", "txt", "plain", "plaintext", "raw", "none", "output", "out",
        "stdout", "stderr", "result", "results", "response", "error", "traceback", "stacktrace", "log", "logs", "console", "terminal",
        "session", "shell-session", "shellsession", "pycon", "diff", "patch", "tree", "gitignore", "dockerfile", "docker", "makefile",
    ];

    /// <summary>Knows the languages of executors that do not say which they have.</summary>
    internal static LanguageRegistry Default { get; } = new([]);

    /// <summary>Gets the language that a name means, or null. Case and white space around the name do not matter.</summary>
    /// <param name="name">As a model wrote it.</param>
    public CodeLanguage? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _byName.GetValueOrDefault(name.Trim());
    }

    /// <summary>Tells whether blocks under a name are passed over: it is a skipped one, and no language has it.</summary>
    /// <param name="name">As a model wrote it.</param>
    public bool IsSkipped(string name) => Find(name) is null && _skipped.Contains(name.Trim());

    /// <summary>The same registry with one more language, which needs no program.</summary>
    internal LanguageRegistry With(CodeLanguage language) => new(this, language);

    /// <summary>The registry of an executor.</summary>
    internal static LanguageRegistry Of(ICodeExecutor executor) => executor.GetService<LanguageRegistry>() ?? Default;

    /// <summary>The block under its language's canonical name; null when the language is unknown. For code that says in its first line that
    /// bash runs it, <c>sh</c> is not its language.</summary>
    internal CodeBlock? Canonical(CodeBlock block)
    {
        CodeLanguage? language = Find(block.Language);
        if (ReferenceEquals(language, CodeLanguage.Sh) && AsksForBash(block.Code))
        {
            language = Find(CodeLanguage.Bash.Name);
        }

        return language is null ? null
            : language.Name.Equals(block.Language, StringComparison.Ordinal) ? block
            : block with { Language = language.Name };
    }

    private static bool AsksForBash(string code)
    {
        ReadOnlySpan<char> text = code.AsSpan().TrimStart('\uFEFF');
        int end = text.IndexOfAny('\r', '\n');
        return text.StartsWith("#!") && (end < 0 ? text : text[..end]).Contains("bash", StringComparison.Ordinal);
    }

    private static string Trimmed(string name) =>
        string.IsNullOrWhiteSpace(name) ? throw new ArgumentException("SkippedLanguages must not hold an empty name.") : name.Trim();

    private void Add(CodeLanguage language)
    {
        // A language that has lost its name loses its aliases: it would be approved under a name that means the new one.
        foreach (string name in language.Aliases.Prepend(language.Name).Select(n => n.Trim()))
        {
            if (_byName.TryGetValue(name, out CodeLanguage? taken) && taken.Name.Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                Replace(taken, language);
            }

            _byName[name] = language;
        }
    }

    private void Replace(CodeLanguage old, CodeLanguage language)
    {
        foreach (string name in _byName.Where(n => ReferenceEquals(n.Value, old)).Select(n => n.Key).ToArray())
        {
            _byName[name] = language;
        }
    }

    private static void Validate(CodeLanguage language)
    {
        if (language is null)
        {
            throw new ArgumentException("Languages holds a null.");
        }

        if (string.IsNullOrWhiteSpace(language.Name) || language.Aliases.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("A language needs a name, and its aliases must not be empty.");
        }

        if (language.Programs.Count == 0 || language.Programs.Any(p => string.IsNullOrWhiteSpace(p) || p.Contains('\0')))
        {
            throw new ArgumentException($"The language '{language.Name}' needs the name of a program that runs it.");
        }

        if (language.Extension is not ['.', _, ..] || language.Extension.AsSpan().ContainsAny('/', '\0'))
        {
            throw new ArgumentException($"The language '{language.Name}' needs a file extension with its dot, not '{language.Extension}'.");
        }

        if (language.Arguments.Any(a => a is null || a.Contains('\0')))
        {
            throw new ArgumentException($"The language '{language.Name}' has an argument that is null or holds a NUL.");
        }
    }
}
