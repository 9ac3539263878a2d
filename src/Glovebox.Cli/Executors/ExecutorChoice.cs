using System.Text.Json;
using Glovebox.Cli.Run;
using Glovebox.Hosting;

namespace Glovebox.Cli.Executors;

/// <summary>The executors that may serve a request, in order: the one that was named, or for <c>auto</c> those that isolate.</summary>
internal sealed class ExecutorChoice
{
    private readonly RunRequest _request;
    private readonly CodeExecutorKind[] _candidates;

    /// <summary>Chooses before anything is read or started.</summary>
    /// <exception cref="CliException">No executor takes the options that were given.</exception>
    public ExecutorChoice(RunRequest request, IReadOnlyList<CodeExecutorKind> kinds)
    {
        _request = request;
        CodeExecutorKind[] fitting = [.. kinds.Where(k => (request.Given & ~k.Takes) == 0)];
        _candidates = [.. fitting.Where(k => !IsAutomatic ? k.Name == request.Executor
            : request.KeepsState ? k.IsAutomaticWithState : k.IsAutomatic)];
        if (_candidates.Length == 0)
        {
            throw NoneHonours(request, kinds, fitting);
        }
    }

    private bool IsAutomatic => _request.Executor == ExecutorKinds.Auto;

    /// <summary>Makes and starts the first executor that works.</summary>
    /// <param name="decorate">Wraps an executor that was made.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The executor, which the caller disposes, and its name.</returns>
    public async Task<(ICodeExecutor Executor, string Name)> StartAsync(
        Func<ICodeExecutor, ICodeExecutor> decorate, CancellationToken cancellationToken)
    {
        List<(string Name, CodeExecutionException Error)> failures = [];
        foreach (CodeExecutorKind kind in _candidates)
        {
            ICodeExecutor executor = decorate(kind.Create(_request));
            try
            {
                await executor.StartAsync(cancellationToken).ConfigureAwait(false);
                return (executor, kind.Name);
            }
            catch (CodeExecutionException e) when (IsAutomatic && !IsOfTheRequest(e) && !cancellationToken.IsCancellationRequested)
            {
                await executor.DisposeAsync().ConfigureAwait(false);
                failures.Add((kind.Name, e));
            }
            catch
            {
                await executor.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }

        // A limit that was asked for is what stands in the way; what else does not work here is no news to the one who asked.
        throw failures.Select(f => f.Error).OfType<PolicyNotEnforceableException>().FirstOrDefault() ?? (Exception)NoneWorks(failures);
    }

    /// <summary>Whether no other executor could do better.</summary>
    private static bool IsOfTheRequest(CodeExecutionException error) => error.Code == "work-directory-unusable";

    private static CliException NoneHonours(RunRequest request, IReadOnlyList<CodeExecutorKind> kinds, CodeExecutorKind[] fitting)
    {
        ExecutorOptions taken = kinds.FirstOrDefault(k => k.Name == request.Executor)?.Takes ?? ExecutorOptions.None;
        string[] options =
        [
            .. Enum.GetValues<ExecutorOptions>()
                .Where(o => o != ExecutorOptions.None && request.Given.HasFlag(o) && !taken.HasFlag(o))
                .Select(o => "--" + JsonNamingPolicy.KebabCaseLower.ConvertName(o.ToString())),
        ];
        string who = fitting.Length == 0 ? "No executor can" : $"--executor {request.Executor} cannot";
        string leave = $"Leave {(options.Length == 1 ? "it" : "them")} out";
        return CliException.Usage(
            $"{who} honour {string.Join(" and ", options)}.",
            fitting.Length == 0 ? leave + "." : $"{leave}, or take --executor {string.Join(" or ", fitting.Select(k => k.Name))}.");
    }

    private static CliException NoneWorks(List<(string Name, CodeExecutionException Error)> failures) => CliException.CouldNotRun(
        "no-executor",
        $"No executor that isolates works here. {string.Join(" ", failures.Select(f => $"{f.Name}: {f.Error.Message}"))}",
        string.Join(" ", [.. failures.Select(f => f.Error.Hint).OfType<string>(), "For code that you trust there is --executor local."]));
}
