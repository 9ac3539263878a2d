using Glovebox.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Glovebox.Docker;

/// <summary>Runs Python and shell blocks in living interpreters of a container: what one block defines, the next ones have, and what it
/// shows arrives as pictures, tables and text. The image needs Python 3.8 or newer, and no Jupyter.</summary>
/// <remarks>Contexts are as with <see cref="InterpreterCodeExecutor"/>; the container is as with
/// <see cref="DockerCommandLineCodeExecutor"/>.</remarks>
public sealed class DockerInterpreterCodeExecutor : InterpreterCodeExecutor
{
    /// <summary>Makes an executor; nothing is started, and no engine asked, yet.</summary>
    /// <param name="options">Copied. Null: the defaults.</param>
    /// <param name="loggerFactory">Gets what happens. Null: no log.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public DockerInterpreterCodeExecutor(
        DockerInterpreterCodeExecutorOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : this(options ?? new(), new DockerInternals(), loggerFactory, timeProvider)
    {
    }

    internal DockerInterpreterCodeExecutor(
        DockerInterpreterCodeExecutorOptions options,
        DockerInternals internals,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null)
        : base(
            new DockerSandboxProvider((options = options.Copy()).Container, internals),
            options,
            options.Interpreter,
            loggerFactory,
            timeProvider) =>
        DockerOptions = options;

    /// <summary>Gets the kind <c>docker-interpreter</c>, for registration and configuration.</summary>
    public static new CodeExecutorKind<DockerInterpreterCodeExecutorOptions> Kind { get; } = new(
        "docker-interpreter",
        isIsolated: true,
        sharesState: true,
        () => DockerOptionsJson.Default.DockerInterpreterCodeExecutorOptions,
        static (configuration, options) => configuration.Bind(options),
        static (options, loggerFactory, timeProvider) => new DockerInterpreterCodeExecutor(options, loggerFactory, timeProvider),
        static executor => (executor as DockerInterpreterCodeExecutor)?.DockerOptions,
        static cancellationToken => DiagnoseAsync(cancellationToken: cancellationToken));

    /// <summary>This executor's own copy.</summary>
    internal DockerInterpreterCodeExecutorOptions DockerOptions { get; }

    /// <summary>Tries whether an engine answers and interpreters start in a container of an image, and tells what is enforced
    /// here.</summary>
    /// <param name="image">The image; null for the default one. It is not pulled.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<ExecutorDiagnosis> DiagnoseAsync(string? image = null, CancellationToken cancellationToken = default)
    {
        DockerInterpreterCodeExecutorOptions options = new() { PullPolicy = PullPolicy.Never };
        options.Image = image ?? options.Image;
        return DockerCommandLineCodeExecutor.TryAsync(
            "docker-interpreter", () => new DockerInterpreterCodeExecutor(options), cancellationToken);
    }
}
