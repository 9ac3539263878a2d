namespace PwshHost;

/// <summary>The part of <c>pwsh</c>'s command line that runs a file.</summary>
internal sealed record CommandLine(string File, IReadOnlyList<(string? Name, object? Value)> Arguments)
{
    public static CommandLine? TryParse(string[] args, out string problem)
    {
        problem = "";
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i].ToLowerInvariant())
            {
                case "-noprofile" or "-noninteractive" or "-nologo":
                    break;
                case "-executionpolicy":
                    i++;
                    break;
                case "-file" when i + 1 < args.Length:
                    string file = Path.GetFullPath(args[i + 1]);
                    if (System.IO.File.Exists(file))
                    {
                        return new CommandLine(file, [.. ScriptArguments(args[(i + 2)..])]);
                    }

                    problem = $"The argument '{args[i + 1]}' is not recognized as the name of a script file.";
                    return null;
                default:
                    problem = $"Unknown argument '{args[i]}'. Usage: pwsh [-NoProfile] [-NonInteractive] [-ExecutionPolicy x] -File x.ps1 [arguments]";
                    return null;
            }
        }

        problem = "There is no -File: this host runs script files only.";
        return null;
    }

    /// <summary><c>-Name value</c> and <c>-Name:value</c> are parameters, the rest go by place.</summary>
    private static IEnumerable<(string? Name, object? Value)> ScriptArguments(string[] args)
    {
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i].Length < 2 || args[i][0] != '-' || !char.IsLetter(args[i][1]))
            {
                yield return (null, args[i]);
            }
            else if (args[i].Split(':', 2) is [var name, var value])
            {
                yield return (name[1..], value);
            }
            else
            {
                bool hasValue = i + 1 < args.Length && !args[i + 1].StartsWith('-');
                yield return hasValue ? (args[i][1..], args[++i]) : (args[i][1..], true);
            }
        }
    }
}
