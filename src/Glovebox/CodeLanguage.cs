namespace Glovebox;

/// <summary>How code blocks of a language are saved and run.</summary>
/// <param name="name">The canonical name, in lower case.</param>
/// <param name="extension">The extension of temporary code files, with its dot: <c>.py</c>.</param>
/// <param name="programs">Names of the interpreter, in order of preference. The first that exists in the sandbox is used.</param>
/// <param name="arguments">The interpreter's arguments. <c>{file}</c> stands for the code file; without it the file comes last. Null:
/// none.</param>
/// <param name="aliases">Other names, in lower case. Null: none.</param>
/// <param name="lineComments">What begins a comment line such as <c># filename: name</c>. Null: <c>#</c>.</param>
public sealed class CodeLanguage(
    string name,
    string extension,
    IReadOnlyList<string> programs,
    IReadOnlyList<string>? arguments = null,
    IReadOnlyList<string>? aliases = null,
    IReadOnlyList<string>? lineComments = null)
{
    // Binders of configuration fill parameters; they pass over lists that are only properties.

    /// <summary>Stands for the code file in <see cref="Arguments"/>.</summary>
    public const string FilePlaceholder = "{file}";

    /// <summary>Gets the canonical name, in lower case.</summary>
    public string Name => name;

    /// <summary>Gets the extension of temporary code files, with its dot.</summary>
    public string Extension => extension;

    /// <summary>Gets the names of the interpreter, in order of preference.</summary>
    public IReadOnlyList<string> Programs => programs;

    /// <summary>Gets the interpreter's arguments.</summary>
    public IReadOnlyList<string> Arguments { get; } = arguments ?? [];

    /// <summary>Gets other names, in lower case. The default is empty.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = aliases ?? [];

    /// <summary>Gets what begins a comment line such as <c># filename: name</c>. The default is <c>#</c>.</summary>
    public IReadOnlyList<string> LineComments { get; init; } = lineComments ?? ["#"];

    /// <summary>Python: aliases <c>py</c> and <c>python3</c>.</summary>
    public static CodeLanguage Python { get; } = new("python", ".py", ["python3", "python"], []) { Aliases = ["py", "python3"] };

    /// <summary>Bash.</summary>
    public static CodeLanguage Bash { get; } = new("bash", ".sh", ["bash"], []);

    /// <summary>The POSIX shell: alias <c>shell</c>.</summary>
    public static CodeLanguage Sh { get; } = new("sh", ".sh", ["sh"], [], ["shell"]);

    /// <summary>PowerShell: aliases <c>powershell</c> and <c>ps1</c>.</summary>
    public static CodeLanguage PowerShell { get; } =
        new(
            "pwsh",
            ".ps1",
            ["pwsh"],
            ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"],
            ["powershell", "ps1"]);

    /// <summary>JavaScript on Node.js: aliases <c>js</c> and <c>node</c>.</summary>
    public static CodeLanguage JavaScript { get; } =
        new("javascript", ".js", ["node", "nodejs"], []) { Aliases = ["js", "node"], LineComments = ["//"] };

    /// <summary>C#, one file, as <c>dotnet run file.cs</c>: aliases <c>cs</c>, <c>c#</c> and <c>dotnet</c>.</summary>
    public static CodeLanguage CSharp { get; } =
        new("csharp", ".cs", ["dotnet"], ["run", FilePlaceholder]) { Aliases = ["cs", "c#", "dotnet"], LineComments = ["//"] };

    /// <summary>All of the above.</summary>
    public static IReadOnlyList<CodeLanguage> Defaults { get; } = [Python, Bash, Sh, PowerShell, JavaScript, CSharp];
}
