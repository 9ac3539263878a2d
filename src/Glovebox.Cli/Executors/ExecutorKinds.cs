using Glovebox.Cli.Output;
using Glovebox.Cli.Run;
using Glovebox.Docker;
using Glovebox.Egress;
using Glovebox.Hosting;
using Glovebox.Jupyter;

namespace Glovebox.Cli.Executors;

/// <summary>The kinds of executors that the tool offers: the library's table, and what the tool's options mean for a kind.</summary>
internal static class ExecutorKinds
{
    /// <summary>The name that stands for the first automatic kind that works.</summary>
    public const string Auto = "auto";

    /// <summary>In the order in which <c>auto</c> tries them, and those that it never takes.</summary>
    public static IReadOnlyList<CodeExecutorKind> All { get; } =
    [
        .. new CodeExecutorFactory()
            .Register(JupyterCodeExecutor.Kind)
            .Register(DockerCommandLineCodeExecutor.Kind)
            .Register(DockerInterpreterCodeExecutor.Kind)
            .Register(DockerJupyterCodeExecutor.Kind)
            .Kinds.OrderByDescending(k => k.IsIsolated).ThenBy(k => k.SharesState),
    ];

    /// <summary>How blocks run: the first part of a cell of the table how and where.</summary>
    public static string[] Ways { get; } = ["command-line", "interpreter", "jupyter"];

    /// <summary>Where blocks run: the second part.</summary>
    public static string[] Places { get; } = ["bubblewrap", "docker", "local"];

    public static string[] Names { get; } = [Auto, Ways[0], .. All.Select(k => k.Name)];

    /// <summary>Finds the kind that is named in two parts.</summary>
    /// <param name="name">A kind, a way, or <c>auto</c>.</param>
    /// <param name="place">A place, or null.</param>
    /// <param name="way">The way that <c>auto</c> stands for.</param>
    /// <returns>The name of a kind, or <c>auto</c>.</returns>
    /// <exception cref="CliException">There is none.</exception>
    public static string Resolve(string name, string? place, string way)
    {
        if (place is null)
        {
            return name == Ways[0] ? Auto : name;
        }

        string chosen = name == Auto ? way : name;
        if (!Ways.Contains(chosen))
        {
            throw CliException.Usage(
                $"--on says where, and --executor {name} does, too.", $"Leave out --on, or take --executor {string.Join(" or ", Ways)}.");
        }

        string kind = chosen == Ways[0] ? place : place == Places[0] ? chosen : $"{place}-{chosen}";
        return All.Any(k => k.Name == kind)
            ? kind
            : throw CliException.Usage(
                $"There is no {chosen} executor on {place}.", $"There are: {string.Join(", ", All.Select(k => k.Name))}.");
    }

    extension(CodeExecutorKind kind)
    {
        /// <summary>Whether <c>auto</c> may take it for a run: it isolates, and gives a process to each block, as no shared state was
        /// asked for.</summary>
        public bool IsAutomatic => kind.IsIsolated && !kind.SharesState;

        /// <summary>Whether <c>auto</c> may take it for a conversation: it isolates, and keeps state without more than Python.</summary>
        public bool IsAutomaticWithState => kind.IsIsolated && kind.Name.EndsWith(Ways[1], StringComparison.Ordinal);

        /// <summary>The options that it can honour.</summary>
        public ExecutorOptions Takes =>
            (kind.IsIsolated
                ? ExecutorOptions.Network | ExecutorOptions.AllowDomain | ExecutorOptions.Memory | ExecutorOptions.Cpus
                    | ExecutorOptions.Preload | ExecutorOptions.ReadOnly
                : kind.SharesState ? ExecutorOptions.Preload : ExecutorOptions.None)
            | (kind.OptionsType.IsAssignableTo(typeof(DockerCodeExecutorOptions)) ? ExecutorOptions.Image : ExecutorOptions.None);

        /// <summary>Makes an executor; nothing is started yet.</summary>
        /// <exception cref="ArgumentException">An option is invalid.</exception>
        public ICodeExecutor Create(RunRequest request) => kind.Create(options => Configure(options, request), services: null);
    }

    /// <summary>Sets an executor's options as the tool's say.</summary>
    public static void Configure(CommandLineCodeExecutorOptions options, RunRequest request)
    {
        options.WorkDir = request.WorkDir;
        options.Policy = request.Policy;
        options.StreamsWholeOutput = request.StreamsWholeOutput;
        options.Timeout = request.Timeout ?? options.Timeout;
        options.Preload = [.. request.Preload];
        options.Packages = [.. request.Packages];
        foreach (EgressSecret secret in request.Secrets)
        {
            options.Egress.Secrets.Add(secret);
        }

        foreach (string variable in request.Environment)
        {
            int name = variable.IndexOf('=', StringComparison.Ordinal);
            options.Environment[variable[..name]] = variable[(name + 1)..];
        }

        // In a reply they are no code. One that is named for the whole input is a mistake, and is said to be unknown.
        options.SkippedLanguages = request.Language is null ? [.. LanguageRegistry.DataFormats] : [];
        switch (options)
        {
            case DockerCodeExecutorOptions docker:
                docker.Image = request.Image ?? docker.Image;
                docker.PullProgress = PullProgress.OnStandardError();
                docker.ExtraVolumes = [.. request.ReadOnlyPaths.Select(p => new VolumeMount(p, p, ReadOnly: true))];
                break;
            case InterpreterCodeExecutorOptions interpreter:
                interpreter.ReadOnlyPaths = [.. request.ReadOnlyPaths];
                break;
            case JupyterCodeExecutorOptions jupyter:
                jupyter.ReadOnlyPaths = [.. request.ReadOnlyPaths];
                break;
            case BubblewrapCommandLineCodeExecutorOptions bubblewrap:
                bubblewrap.ReadOnlyPaths = [.. request.ReadOnlyPaths];
                break;
        }
    }
}

/// <summary>Options of <c>glovebox run</c> that not every executor can honour.</summary>
[Flags]
internal enum ExecutorOptions
{
    None = 0,
    Image = 1,
    Network = 2,
    Memory = 4,
    Cpus = 8,
    Preload = 16,
    ReadOnly = 32,
    AllowDomain = 64,
}
