using Glovebox.Functions.Python;

namespace Glovebox.Functions;

/// <summary>An import at the top of the functions module. The family is closed; a string converts to the plain form.</summary>
public abstract class PythonImport
{
    private protected PythonImport()
    {
    }

    /// <summary>The plain form: <c>import module</c>.</summary>
    /// <param name="module">The module's name, with dots.</param>
    /// <exception cref="ArgumentException">Not the name of a module.</exception>
    public static implicit operator PythonImport(string module) => FromString(module);

    /// <summary>The plain form: <c>import module</c>.</summary>
    /// <param name="module">The module's name, with dots.</param>
    /// <exception cref="ArgumentException">Not the name of a module.</exception>
    public static PythonImport FromString(string module) => new PlainImport(module);

    /// <summary>The statement.</summary>
    internal abstract string Statement { get; }

    private protected static string Dotted(string name) =>
        PythonName.IsDotted(name ?? "")
            ? name!
            : throw new ArgumentException($"'{name}' is not the name of a Python module.", nameof(name));

    private protected static string Identifier(string name) =>
        PythonName.IsIdentifier(name ?? "") ? name! : throw new ArgumentException($"'{name}' is not a Python identifier.", nameof(name));
}

/// <summary><c>import module</c>; within an <see cref="ImportFromModule"/>, a name.</summary>
/// <param name="name">The module's name, with dots.</param>
/// <exception cref="ArgumentException">Not the name of a module.</exception>
public sealed class PlainImport(string name) : PythonImport
{
    /// <summary>Gets the module's name, with dots.</summary>
    public string Name { get; } = Dotted(name);

    internal override string Statement => $"import {Name}";
}

/// <summary><c>import name as other</c>; within an <see cref="ImportFromModule"/>, a name under another.</summary>
/// <param name="name">The module's name, with dots.</param>
/// <param name="as">What it is called in the functions module.</param>
/// <exception cref="ArgumentException">Not the name of a module, or not an identifier.</exception>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1716", Justification = "So AutoGen calls it, and only Visual Basic minds.")]
public sealed class Alias(string name, string @as) : PythonImport
{
    /// <summary>Gets the module's name, with dots.</summary>
    public string Name { get; } = Dotted(name);

    /// <summary>Gets what it is called in the functions module.</summary>
    public string As { get; } = Identifier(@as);

    internal override string Statement => $"import {Name} as {As}";
}

/// <summary><c>from module import a, b as c</c>.</summary>
public sealed class ImportFromModule : PythonImport
{
    /// <summary>Makes the import.</summary>
    /// <param name="module">The module's name, with dots.</param>
    /// <param name="imports">At least one name, plain or as an <see cref="Alias"/>.</param>
    /// <exception cref="ArgumentException">Not the name of a module, no names, or a name that is not an identifier.</exception>
    public ImportFromModule(string module, params PythonImport[] imports)
    {
        ArgumentNullException.ThrowIfNull(imports);
        Module = Dotted(module);
        if (imports.Length == 0)
        {
            throw new ArgumentException($"Say what is imported from '{module}'.", nameof(imports));
        }

        Statement = $"from {Module} import {string.Join(", ", imports.Select(NameOf))}";
        Imports = [.. imports];
    }

    /// <summary>Gets the module's name, with dots.</summary>
    public string Module { get; }

    /// <summary>Gets what is imported from it.</summary>
    public IReadOnlyList<PythonImport> Imports { get; }

    internal override string Statement { get; }

    private static string NameOf(PythonImport import) => import switch
    {
        PlainImport plain => Identifier(plain.Name),
        Alias alias => $"{Identifier(alias.Name)} as {alias.As}",
        _ => throw new ArgumentException("From a module, names are imported, plain or as an Alias.", nameof(import)),
    };
}
