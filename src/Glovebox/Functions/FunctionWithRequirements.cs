using Glovebox.Functions.Python;
using Microsoft.Extensions.AI;

namespace Glovebox.Functions;

/// <summary>A Python function that guest code can import, given as source, with the packages that it needs.</summary>
/// <remarks>The function runs inside the sandbox, like any guest code. It cannot be changed once made, and may be given to several
/// executors.</remarks>
public sealed class FunctionWithRequirements : AITool
{
    private readonly PythonFunction _function;

    private FunctionWithRequirements(
        string source, PythonFunction function, IReadOnlyList<string> packages, IReadOnlyList<PythonImport> imports)
    {
        _function = function;
        Source = source;
        PythonPackages = packages;
        GlobalImports = imports;
    }

    /// <summary>Gets the function's name.</summary>
    public override string Name => _function.Name;

    /// <summary>Gets what its docstring says.</summary>
    public override string Description => _function.Description;

    /// <summary>Gets the source: one function, and whatever else stands beside it on the outermost level.</summary>
    public string Source { get; }

    /// <summary>Gets what pip is asked to install, as it takes it: <c>pandas</c>, <c>requests&gt;=2.31</c>.</summary>
    public IReadOnlyList<string> PythonPackages { get; }

    /// <summary>Gets the imports at the top of the module, for the function to use. The default is empty.</summary>
    public IReadOnlyList<PythonImport> GlobalImports { get; }

    /// <summary>The function without its body.</summary>
    internal string Stub => _function.Stub;

    /// <summary>Makes a function of source text.</summary>
    /// <param name="source">Exactly one function on the outermost level. Imports and constants may stand beside it.</param>
    /// <param name="packages">What pip is to install for it.</param>
    /// <exception cref="ArgumentException">The source holds no function or several, or a package is not a requirement.</exception>
    public static FunctionWithRequirements FromSource(string source, params string[] packages)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(packages);
        if (source.Contains('\0'))
        {
            throw new ArgumentException("The source holds a NUL.", nameof(source));
        }

        string text = PythonSource.Tidy(source);
        IReadOnlyList<PythonFunction> functions = PythonSource.Functions(text);
        if (functions is not [PythonFunction function])
        {
            string held = functions.Count == 0 ? "none" : string.Join(", ", functions.Select(f => f.Name));
            throw new ArgumentException($"The source must hold exactly one function; it holds {held}.", nameof(source));
        }

        if (!PythonName.IsIdentifier(function.Name))
        {
            throw new ArgumentException($"The function's name '{function.Name}' is not a Python identifier.", nameof(source));
        }

        return new FunctionWithRequirements(text, function, [.. packages.Select(Requirement)], []);
    }

    /// <summary>Makes a function of a file of source text, which is read now.</summary>
    /// <param name="path">The file, in UTF-8.</param>
    /// <param name="packages">What pip is to install for it.</param>
    /// <exception cref="ArgumentException">The source holds no function or several, or a package is not a requirement.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static FunctionWithRequirements FromFile(string path, params string[] packages)
    {
        try
        {
            return FromSource(File.ReadAllText(path), packages);
        }
        catch (ArgumentException e) when (e.ParamName == "source")
        {
            throw new ArgumentException($"'{path}': {e.Message}", nameof(path), e);
        }
    }

    /// <summary>Gives the same function with further imports at the top of its module.</summary>
    /// <param name="imports">A string is the plain form: <c>WithGlobalImports("json", new Alias("pandas", "pd"))</c>.</param>
    public FunctionWithRequirements WithGlobalImports(params PythonImport[] imports)
    {
        ArgumentNullException.ThrowIfNull(imports);
        return new FunctionWithRequirements(Source, _function, PythonPackages, [.. GlobalImports, .. imports]);
    }

    private static string Requirement(string package)
    {
        if (string.IsNullOrWhiteSpace(package) || package.StartsWith('-') || package.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"'{package}' is not a requirement that pip takes, such as 'pandas' or 'requests>=2.31'.", nameof(package));
        }

        return package.Trim();
    }
}
