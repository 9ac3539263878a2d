using Glovebox.Hosting;
using Glovebox.Sandboxes.Local;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Glovebox;

/// <summary>Runs code blocks as processes of the host. <b>It isolates nothing</b>: use it for code that you trust.</summary>
/// <remarks>No default ever falls back to this executor, and it logs a warning when it is made.</remarks>
public sealed partial class LocalCommandLineCodeExecutor : CommandLineCodeExecutor
{
    /// <summary>Makes an executor; nothing is started yet.</summary>
    /// <param name="options">Copied. Null: the defaults.</param>
    /// <param name="loggerFactory">Gets a warning now and what happens later. Null: no log.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public LocalCommandLineCodeExecutor(
        LocalCommandLineCodeExecutorOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : base(
            options = (LocalCommandLineCodeExecutorOptions?)options?.Copy() ?? new(),
            Processes(new LocalSandboxProvider(options.VirtualEnvironment)),
            loggerFactory,
            timeProvider)
    {
        Options = options;
        LogNotIsolated(Logger, nameof(LocalCommandLineCodeExecutor));
    }

    /// <summary>Gets the kind <c>local</c>, for registration and configuration.</summary>
    public static CodeExecutorKind<LocalCommandLineCodeExecutorOptions> Kind { get; } = new(
        "local",
        isIsolated: false,
        sharesState: false,
        () => OptionsJson.Default.LocalCommandLineCodeExecutorOptions,
        static (configuration, options) => configuration.Bind(options),
        static (options, loggerFactory, timeProvider) => new LocalCommandLineCodeExecutor(options, loggerFactory, timeProvider),
        static executor => (executor as LocalCommandLineCodeExecutor)?.Options,
        DiagnoseAsync);

    /// <summary>This executor's own copy.</summary>
    internal LocalCommandLineCodeExecutorOptions Options { get; }

    /// <summary>Tries whether the local executor works on this machine. It isolates nothing, and its capabilities say so.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken = default) =>
        ExecutorDiagnosis.TryAsync(
            "local", () => Task.FromResult<string?>(null), () => new LocalCommandLineCodeExecutor(), cancellationToken);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "{Executor} runs code on the host and isolates nothing. "
            + "For code that you do not trust, use one in a bubblewrap sandbox or a container.")]
    internal static partial void LogNotIsolated(ILogger logger, string executor);
}
