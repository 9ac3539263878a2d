using Glovebox.Hosting;
using Glovebox.Sandboxes.Local;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Glovebox;

/// <summary>Runs Python and shell blocks in living interpreters on the host. <b>It isolates nothing</b>: use it for code that you
/// trust.</summary>
/// <remarks>No default ever falls back to this executor, and it logs a warning when it is made. Contexts are as with
/// <see cref="InterpreterCodeExecutor"/>. No limit bounds the memory of checkpoints here but the host's.</remarks>
public sealed class LocalInterpreterCodeExecutor : InterpreterCodeExecutor
{
    /// <summary>Makes an executor; nothing is started yet.</summary>
    /// <param name="options">Copied. Null: the defaults.</param>
    /// <param name="loggerFactory">Gets a warning now and what happens later. Null: no log.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public LocalInterpreterCodeExecutor(
        LocalInterpreterCodeExecutorOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : base(
            new LocalSandboxProvider((options = options?.Copy() ?? new()).VirtualEnvironment),
            options,
            options.Interpreter,
            loggerFactory,
            timeProvider)
    {
        LocalOptions = options;
        LocalCommandLineCodeExecutor.LogNotIsolated(Logger, nameof(LocalInterpreterCodeExecutor));
    }

    /// <summary>Gets the kind <c>local-interpreter</c>, for registration and configuration.</summary>
    public static new CodeExecutorKind<LocalInterpreterCodeExecutorOptions> Kind { get; } = new(
        "local-interpreter",
        isIsolated: false,
        sharesState: true,
        () => OptionsJson.Default.LocalInterpreterCodeExecutorOptions,
        static (configuration, options) => configuration.Bind(options),
        static (options, loggerFactory, timeProvider) => new LocalInterpreterCodeExecutor(options, loggerFactory, timeProvider),
        static executor => (executor as LocalInterpreterCodeExecutor)?.LocalOptions,
        DiagnoseAsync);

    /// <summary>This executor's own copy.</summary>
    internal LocalInterpreterCodeExecutorOptions LocalOptions { get; }

    /// <summary>Tries whether interpreters work on this machine. Nothing is isolated, and the capabilities say so.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public static new Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken = default) =>
        ExecutorDiagnosis.TryAsync(
            "local-interpreter", () => Task.FromResult<string?>(null), () => new LocalInterpreterCodeExecutor(), cancellationToken);
}
