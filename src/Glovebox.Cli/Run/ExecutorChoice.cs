namespace Glovebox.Cli.Run;

/// <summary>Makes the executor that was asked for. <c>auto</c> takes one that isolates, or none.</summary>
internal static class ExecutorChoice
{
    public static readonly string[] Names = ["auto", "bubblewrap", "docker", "local", "docker-jupyter"];

    private static readonly string[] NotThereYet = ["docker", "docker-jupyter"];

    /// <summary>Says what the executor that was chosen cannot do, before anything is read or started.</summary>
    public static void Check(RunRequest request)
    {
        if (request.Image is not null && request.Executor is "bubblewrap" or "local" && request.Image is not null)
        {
            throw CliException.Usage($"--image goes with the Docker executors, not with --executor {request.Executor}.");
        }

        if (request.Executor == "local" && (request.Memory ?? request.Cpus ?? (object?)request.Network) is not null)
        {
            throw CliException.Usage("--memory, --cpus and --network cannot be enforced by the local executor, which isolates nothing.", "Leave them out, or take --executor bubblewrap.");
        }

        if (NotThereYet.Contains(request.Executor))
        {
            throw CliException.CouldNotRun(
                "executor-unavailable", $"The {request.Executor} executor is not part of this version of Glovebox.", "Take --executor bubblewrap, or auto.");
        }

        if (request.Image is not null)
        {
            throw CliException.CouldNotRun("executor-unavailable", "--image needs a Docker executor, which is not part of this version of Glovebox.", "Leave --image out.");
        }
    }

    /// <summary>Makes and starts the executor.</summary>
    public static async Task<(ICodeExecutor Executor, string Name)> StartAsync(
        RunRequest request, Func<ICodeExecutor, ICodeExecutor> decorate, CancellationToken cancellationToken)
    {
        string name = request.Executor == "local" ? "local" : "bubblewrap";
        ICodeExecutor executor = decorate(name == "local" ? Local(request) : Bubblewrap(request));
        try
        {
            await executor.StartAsync(cancellationToken).ConfigureAwait(false);
            return (executor, name);
        }
        catch (EnvironmentUnavailableException e) when (request.Executor == "auto" && e.Code != "work-directory-unusable")
        {
            await executor.DisposeAsync().ConfigureAwait(false);
            throw CliException.CouldNotRun(
                "no-executor", $"No executor that isolates works here. Bubblewrap: {e.Message}", $"{e.Hint} For code that you trust there is --executor local.".TrimStart());
        }
        catch
        {
            await executor.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static LocalCommandLineCodeExecutor Local(RunRequest request)
    {
        LocalCommandLineCodeExecutorOptions options = new() { WorkDir = request.WorkDir };
        options.Timeout = request.Timeout ?? options.Timeout;
        return new LocalCommandLineCodeExecutor(options);
    }

    private static BubblewrapCommandLineCodeExecutor Bubblewrap(RunRequest request)
    {
        ExecutionPolicy policy = new() { Memory = request.Memory, Cpus = request.Cpus };
        BubblewrapCommandLineCodeExecutorOptions options = new()
        {
            WorkDir = request.WorkDir,
            Policy = request.Network is { } network ? policy with { Network = network } : policy,
        };
        options.Timeout = request.Timeout ?? options.Timeout;
        return new BubblewrapCommandLineCodeExecutor(options);
    }
}
