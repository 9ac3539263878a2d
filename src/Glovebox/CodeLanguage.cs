namespace Glovebox;

/// <summary>How code blocks of a language are saved and run.</summary>
/// <param name="Name">The canonical name, in lower case.</param>
/// <param name="Extension">Of temporary code files, with its dot: <c>.py</c>.</param>
/// <param name="Programs">Names of the interpreter, in order of preference. Which of them exists is asked inside the sandbox.</param>
/// <param name="Arguments">The interpreter's arguments. <c>{file}</c> stands for the code file; without it the file comes last. Null: none.</param>
/// <param name="Aliases">Other names, in lower case. Null: none.</param>
/// <param name="LineComments">What begins a comment line; a first line <c># filename: name</c> names the code file. Null: <c>#</c>.</param>
/// <param name="QuietsPip">Whether <c>pip install</c> lines are made quiet (<c>-qqq</c>), as in shell scripts. Default: false.</param>
public sealed record CodeLanguage(
    string Name,
    string Extension,
    IReadOnlyList<string> Programs,
    IReadOnlyList<string>? Arguments = null,
    IReadOnlyList<string>? Aliases = null,
    IReadOnlyList<string>? LineComments = null,
    bool QuietsPip = false)
{
    // Binders of configuration fill parameters; they pass over lists that are only properties.

    /// <summary>What stands for the code file in <see cref="Arguments"/>.</summary>
    public const string FilePlaceholder = "{file}";

    /// <summary>The interpreter's arguments. <c>{file}</c> stands for the code file; without it the file comes last.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = Arguments ?? [];

    /// <summary>Other names, in lower case.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = Aliases ?? [];

    /// <summary>What begins a comment line; a first line <c># filename: name</c> names the code file. Default: <c>#</c>.</summary>
    public IReadOnlyList<string> LineComments { get; init; } = LineComments ?? ["#"];

    /// <summary>Python: aliases <c>py</c> and <c>python3</c>.</summary>
    public static CodeLanguage Python { get; } = new("python", ".py", ["python3", "python"], []) { Aliases = ["py", "python3"] };

    /// <summary>Bash.</summary>
    public static CodeLanguage Bash { get; } = new("bash", ".sh", ["bash"], []) { QuietsPip = true };

    /// <summary>The POSIX shell: alias <c>shell</c>.</summary>
    public static CodeLanguage Sh { get; } = new("sh", ".sh", ["sh"], []) { Aliases = ["shell"], QuietsPip = true };

    /// <summary>PowerShell: aliases <c>powershell</c> and <c>ps1</c>.</summary>
    public static CodeLanguage PowerShell { get; } =
        new("pwsh", ".ps1", ["pwsh"], ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"])
        {
            Aliases = ["powershell", "ps1"],
            QuietsPip = true,
        };

    /// <summary>JavaScript on Node.js: aliases <c>js</c> and <c>node</c>.</summary>
    public static CodeLanguage JavaScript { get; } =
        new("javascript", ".js", ["node", "nodejs"], []) { Aliases = ["js", "node"], LineComments = ["//"] };

    /// <summary>C#, one file, as <c>dotnet run file.cs</c>: aliases <c>cs</c>, <c>c#</c> and <c>dotnet</c>.</summary>
    public static CodeLanguage CSharp { get; } =
        new("csharp", ".cs", ["dotnet"], ["run", FilePlaceholder]) { Aliases = ["cs", "c#", "dotnet"], LineComments = ["//"] };

    /// <summary>All of the above.</summary>
    public static IReadOnlyList<CodeLanguage> Defaults { get; } = [Python, Bash, Sh, PowerShell, JavaScript, CSharp];
}
