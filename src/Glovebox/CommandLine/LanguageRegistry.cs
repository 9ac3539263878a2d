namespace Glovebox;

/// <summary>The languages that an executor knows, by name and alias.</summary>
internal sealed class LanguageRegistry
{
    private readonly Dictionary<string, CodeLanguage> _byName = new(StringComparer.OrdinalIgnoreCase);

    public LanguageRegistry(IEnumerable<CodeLanguage> added)
    {
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

    public CodeLanguage? Find(string name) => _byName.GetValueOrDefault(name.Trim());

    private void Add(CodeLanguage language)
    {
        _byName[language.Name] = language;
        foreach (string alias in language.Aliases)
        {
            _byName[alias] = language;
        }
    }

    private static void Validate(CodeLanguage language)
    {
        ArgumentNullException.ThrowIfNull(language);
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
