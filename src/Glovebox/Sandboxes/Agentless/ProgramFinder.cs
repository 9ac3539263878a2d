namespace Glovebox.Sandboxes.Agentless;

/// <summary>Finds programs in a sandbox without a guest agent, by asking a shell inside, until they are there.</summary>
/// <param name="ask">Runs a command inside. Null: the sandbox has ended.</param>
internal sealed class ProgramFinder(Func<IReadOnlyList<string>, IOutputSink, CancellationToken, Task<ProcessExit?>> ask) : IDisposable
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

    private readonly Dictionary<string, string> _programs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _looking = new(1, 1);

    /// <summary>Finds the first of some programs that exists.</summary>
    /// <returns>Its path, or how the run ends that has none; both null: the sandbox has ended.</returns>
    public async Task<(string? Path, ProcessExit? Failure)> FindAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        foreach (string name in names)
        {
            if (await FindAsync(name, cancellationToken).ConfigureAwait(false) is not { } found)
            {
                return (null, null);
            }

            if (found.Length > 1)
            {
                return found[0] == 'x'
                    ? (found[1..], null)
                    : (null, new ProcessExit(ProcessExitKind.NotStarted, 126, $"{found[1..]}: Permission denied"));
            }
        }

        return (null, new ProcessExit(ProcessExitKind.NotFound, 127, $"{names[0]}: not found"));
    }

    public void Dispose() => _looking.Dispose();

    private async Task<string?> FindAsync(string name, CancellationToken cancellationToken)
    {
        await _looking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_programs.TryGetValue(name, out string? known))
            {
                return known;
            }

            BoundedText answer = new(OutputStream.StandardOutput);
            ProcessExit? exit = await ask([Shell, "-c", Finder, "sh", name], answer, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (exit is null)
            {
                return null;
            }

            string found = answer.ToString();
            if (found.StartsWith('x'))
            {
                _programs[name] = found;
            }

            return found;
        }
        finally
        {
            _looking.Release();
        }
    }
}
