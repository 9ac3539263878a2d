using Glovebox.Docker.Containers;
using Glovebox.Docker.Engine;
using Glovebox.Docker.Seccomp;
using Glovebox.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Glovebox.Docker;

/// <summary>Runs code blocks in a container of a Docker engine, or of Podman's compatible socket.</summary>
/// <remarks>
/// By default guest code is not root, has no capabilities and no way to get new privileges, no network, 2 GiB of memory, 256 processes,
/// and sees nothing of the host but the work directory. The container ends with this process, however that ends, and is then removed.
/// </remarks>
public sealed class DockerCommandLineCodeExecutor : CommandLineCodeExecutor
{
    private const string Name = DockerSandboxProvider.KindName;

    /// <summary>Makes an executor; nothing is started, and no engine asked, yet.</summary>
    /// <param name="options">Copied. Null: the defaults.</param>
    /// <param name="loggerFactory">Gets what happens. Null: no log.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public DockerCommandLineCodeExecutor(
        DockerCommandLineCodeExecutorOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : this(options ?? new(), new DockerInternals(), loggerFactory, timeProvider)
    {
    }

    internal DockerCommandLineCodeExecutor(
        DockerCommandLineCodeExecutorOptions options,
        DockerInternals internals,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null)
        : base(
            options = (DockerCommandLineCodeExecutorOptions)options.Copy(),
            Processes(new DockerSandboxProvider(options.Container, internals)),
            loggerFactory,
            timeProvider) =>
        Options = options;

    /// <summary>Gets the kind <c>docker</c>, for registration and configuration.</summary>
    public static CodeExecutorKind<DockerCommandLineCodeExecutorOptions> Kind { get; } = new(
        "docker",
        isIsolated: true,
        sharesState: false,
        () => DockerOptionsJson.Default.DockerCommandLineCodeExecutorOptions,
        static (configuration, options) => configuration.Bind(options),
        static (options, loggerFactory, timeProvider) => new DockerCommandLineCodeExecutor(options, loggerFactory, timeProvider),
        static executor => (executor as DockerCommandLineCodeExecutor)?.Options,
        static cancellationToken => DiagnoseAsync(cancellationToken: cancellationToken));

    /// <summary>This executor's own copy.</summary>
    internal DockerCommandLineCodeExecutorOptions Options { get; }

    /// <summary>Tries whether an engine answers and, where it has the image, whether a container can be made of it; tells what is enforced
    /// here.</summary>
    /// <param name="image">The image; null for the default one. It is not pulled.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ExecutorDiagnosis> DiagnoseAsync(string? image = null, CancellationToken cancellationToken = default)
    {
        DockerCommandLineCodeExecutorOptions options = new() { PullPolicy = PullPolicy.Never };
        options.Image = image ?? options.Image;
        try
        {
            using EngineConnection engine = await EngineConnection.OpenAsync(null, cancellationToken).ConfigureAwait(false);
            if (await HasImageAsync(engine, options.Image, cancellationToken).ConfigureAwait(false))
            {
                return await ExecutorDiagnosis.TryAsync(
                    Name,
                    () => Task.FromResult<string?>(engine.Version),
                    () => new DockerCommandLineCodeExecutor(options),
                    cancellationToken).ConfigureAwait(false);
            }

            ContainerDefinition spec = new DockerSandboxProvider(options.Container).Spec(new SandboxRequest());
            ContainerUser user = ContainerUser.Choose(null, null, isMade: false, engine.IsRootless);
            return new ExecutorDiagnosis(
                Name,
                engine.Version,
                DockerControls.Describe(spec, engine, user, ContainerFilter.Choose(spec, engine, new()), guest: null));
        }
        catch (CodeExecutionException e)
        {
            return new ExecutorDiagnosis(Name, null, e);
        }
    }

    private static async Task<bool> HasImageAsync(EngineConnection engine, string image, CancellationToken cancellationToken)
    {
        try
        {
            return await EngineImages.FindAsync(engine, image, cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && EngineErrors.Explain(e, engine.Endpoint) is { } explained)
        {
            throw explained;
        }
    }

    internal static Task<ExecutorDiagnosis> TryAsync(string name, Func<ICodeExecutor> create, CancellationToken cancellationToken) =>
        ExecutorDiagnosis.TryAsync(
            name,
            async () =>
            {
                using EngineConnection engine = await EngineConnection.OpenAsync(null, cancellationToken).ConfigureAwait(false);
                return engine.Version;
            },
            create,
            cancellationToken);
}
