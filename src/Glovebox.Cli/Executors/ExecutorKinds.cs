using Glovebox.Cli.Output;
using Glovebox.Cli.Run;
using Glovebox.Docker;
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
            .Register(DockerJupyterCodeExecutor.Kind)
            .Kinds.OrderByDescending(k => k.IsIsolated).ThenBy(k => k.SharesState),
    ];

    public static string[] Names { get; } = [Auto, .. All.Select(k => k.Name)];

    extension(CodeExecutorKind kind)
    {
        /// <summary>Whether <c>auto</c> may take it: it isolates, and gives a process to each block, as no shared state was asked
        /// for.</summary>
        public bool IsAutomatic => kind.IsIsolated && !kind.SharesState;

        /// <summary>The options that it can honour.</summary>
        public ExecutorOptions Takes =>
            (kind.IsIsolated
                ? ExecutorOptions.Network | ExecutorOptions.Memory | ExecutorOptions.Cpus
                    | ExecutorOptions.Preload | ExecutorOptions.ReadOnly
                : ExecutorOptions.None)
            | (kind.OptionsType.IsAssignableTo(typeof(DockerCodeExecutorOptions)) ? ExecutorOptions.Image : ExecutorOptions.None);

        /// <summary>Makes an executor; nothing is started yet.</summary>
        /// <exception cref="ArgumentException">An option is invalid.</exception>
        public ICodeExecutor Create(RunRequest request) => kind.Create(
            options =>
            {
                options.WorkDir = request.WorkDir;
                options.Policy = request.Policy;
                options.StreamsWholeOutput = request.StreamsWholeOutput;
                options.Timeout = request.Timeout ?? options.Timeout;
                options.Preload = [.. request.Preload];
                options.Packages = [.. request.Packages];
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
                    case JupyterCodeExecutorOptions jupyter:
                        jupyter.ReadOnlyPaths = [.. request.ReadOnlyPaths];
                        break;
                    case BubblewrapCommandLineCodeExecutorOptions bubblewrap:
                        bubblewrap.ReadOnlyPaths = [.. request.ReadOnlyPaths];
                        break;
                }
            },
            services: null);
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
}
