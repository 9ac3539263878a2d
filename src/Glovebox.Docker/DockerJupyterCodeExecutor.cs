using Glovebox.Hosting;
using Glovebox.Jupyter.Kernels;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Glovebox.Docker;

/// <summary>Runs code blocks as cells of a Jupyter kernel in a container: what one block defines, the next ones have, and what it draws
/// arrives as pictures. The kernel's server is reached over the container's attached streams: no port is published, and no network is
/// needed.</summary>
/// <remarks>
/// The image needs <c>jupyter-server</c> and a kernel (<c>ipykernel</c>); for plots, <c>matplotlib</c>. Cells, blocks of other languages,
/// timeouts and the loss of state are as with <see cref="Glovebox.Jupyter.JupyterCodeExecutor"/> in a sandbox; the container is as with
/// <see cref="DockerCommandLineCodeExecutor"/>.
/// </remarks>
public sealed class DockerJupyterCodeExecutor : CommandLineCodeExecutor
{
    /// <summary>Makes an executor; nothing is started, and no engine asked, yet.</summary>
    /// <param name="options">Copied. Null: the defaults.</param>
    /// <param name="loggerFactory">Gets what happens. Null: no log.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public DockerJupyterCodeExecutor(
        DockerJupyterCodeExecutorOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : this(options ?? new(), new DockerInternals(), loggerFactory, timeProvider)
    {
    }

    internal DockerJupyterCodeExecutor(
        DockerJupyterCodeExecutorOptions options, DockerInternals internals, ILoggerFactory? loggerFactory, TimeProvider? time)
        : base(
            options = options.Copy(),
            KernelBlockRunner.In(new DockerSandboxProvider(options.Container, internals), options.Kernel),
            loggerFactory,
            time) =>
        Options = options;

    /// <summary>Gets the kind <c>docker-jupyter</c>, for registration and configuration.</summary>
    public static CodeExecutorKind<DockerJupyterCodeExecutorOptions> Kind { get; } = new(
        "docker-jupyter",
        isIsolated: true,
        sharesState: true,
        () => DockerOptionsJson.Default.DockerJupyterCodeExecutorOptions,
        static (configuration, options) => configuration.Bind(options),
        static (options, loggerFactory, timeProvider) => new DockerJupyterCodeExecutor(options, loggerFactory, timeProvider),
        static executor => (executor as DockerJupyterCodeExecutor)?.Options,
        static cancellationToken => DiagnoseAsync(cancellationToken: cancellationToken));

    /// <summary>This executor's own copy.</summary>
    internal DockerJupyterCodeExecutorOptions Options { get; }

    /// <summary>Tries whether an engine answers and a Jupyter server starts in a container of an image, and tells what is enforced
    /// here.</summary>
    /// <param name="image">The image; null for the default one. It is not pulled.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<ExecutorDiagnosis> DiagnoseAsync(string? image = null, CancellationToken cancellationToken = default)
    {
        DockerJupyterCodeExecutorOptions options = new() { PullPolicy = PullPolicy.Never };
        options.Image = image ?? options.Image;
        return DockerCommandLineCodeExecutor.TryAsync("docker-jupyter", () => new DockerJupyterCodeExecutor(options), cancellationToken);
    }
}
