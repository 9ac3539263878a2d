using System.Collections.Concurrent;

namespace Glovebox.Sandboxes.Agentless;

/// <summary>Runs programs in a sandbox without a guest agent, and finds them by asking a shell inside.</summary>
/// <param name="run">Runs a command inside. Null: the sandbox has ended.</param>
internal sealed class ProgramFinder(Func<IReadOnlyList<string>, IOutputSink, CancellationToken, Task<ProcessExit?>> run)
{
    /// <summary>Says where a program is, after a mark: executable or not. Not <c>command -v</c>: it prefers what the shell has built
    /// in.</summary>
    private const string Finder = """
        case $1 in
        */*) [ -f "$1" ] && { [ -x "$1" ] && printf x || printf n; printf %s "$1"; }; exit;;
        esac
        IFS=:
        for folder in $PATH; do
            [ -f "$folder/$1" ] && [ -x "$folder/$1" ] && printf x%s "$folder/$1" && exit
        done
        """;

    private const string Shell = "/bin/sh";

    /// <summary>Becomes a program that has more variables: those before the two hyphens.</summary>
    private const string WithVariables = "while [ \"$1\" != -- ]; do export \"$1\"; shift; done; shift; exec \"$@\"";

    private readonly ConcurrentDictionary<string, string> _programs = new(StringComparer.Ordinal);

    /// <summary>Runs the first program of a request that exists.</summary>
    /// <param name="request">The request.</param>
    /// <param name="output">Takes what it prints.</param>
    /// <param name="kill">Ends it.</param>
    /// <returns>How it ended; null: the sandbox ended with it.</returns>
    public async Task<ProcessExit?> RunAsync(ProcessRequest request, IOutputSink output, CancellationToken kill)
    {
        try
        {
            foreach (string name in request.Programs)
            {
                if (await FindAsync(name, request.Directory, kill).ConfigureAwait(false) is not { } found)
                {
                    return null;
                }

                if (found.Length > 1)
                {
                    return found[0] == 'x'
                        ? await run(Command(found[1..], request), output, kill).ConfigureAwait(false)
                        : new ProcessExit(ProcessExitKind.NotStarted, 126, $"{found[1..]}: Permission denied");
                }
            }

            return new ProcessExit(ProcessExitKind.NotFound, 127, $"{request.Programs[0]}: not found");
        }
        catch (OperationCanceledException) when (kill.IsCancellationRequested)
        {
            return new ProcessExit(ProcessExitKind.Killed, 137);
        }
    }

    private static string[] Command(string program, ProcessRequest request)
    {
        string[] command = request.Variables.Count == 0
            ? [program, .. request.Arguments]
            :
            [
                Shell, "-c", WithVariables, "sh", .. request.Variables.Select(v => $"{v.Key}={v.Value}"), "--", program,
                .. request.Arguments,
            ];
        return In(request.Directory, command);
    }

    private static string[] In(string? directory, string[] command) =>
        directory is null ? command : [.. DirectoryShell.Enter(directory), .. command];

    /// <summary>Finds a program.</summary>
    /// <returns>What <see cref="Finder"/> prints; null: the sandbox has ended.</returns>
    private async Task<string?> FindAsync(string name, string? directory, CancellationToken kill)
    {
        // A path is one of the directory in which the program starts.
        bool isPath = name.Contains('/', StringComparison.Ordinal);
        if (_programs.TryGetValue(name, out string? known))
        {
            return known;
        }

        BoundedText answer = new(OutputStream.StandardOutput);
        string[] finder = In(isPath ? directory : null, [Shell, "-c", Finder, "sh", name]);
        ProcessExit? exit = await run(finder, answer, kill).ConfigureAwait(false);
        kill.ThrowIfCancellationRequested();
        string? found = exit is null ? null : answer.ToString();
        if (found is ['x', ..] && !isPath)
        {
            _programs[name] = found;
        }

        return found;
    }
}
