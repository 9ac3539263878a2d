using Glovebox.Hosting;
using Glovebox.Sandboxes.Bubblewrap;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Glovebox;

/// <summary>Runs code blocks in a bubblewrap sandbox: namespaces of its own, no network, no host files beyond the system directories,
/// no capabilities, a seccomp filter, limits. It needs no daemon and starts in some 20 milliseconds.</summary>
/// <remarks>
/// Needs <c>bwrap</c> 0.8.0 or newer on PATH and a kernel that lets it make user namespaces. The work directory is <c>/workspace</c> in the
/// sandbox; its files belong to its owner on the host. Guest code is never the host's root. Started by root, it runs as the work
/// directory's owner; where that is root, or the directory is a temporary one, as a uid that no account has. Root's files in a work
/// directory of root's are then mapped to that uid, which takes Linux 5.12 and a file system with id-mapped mounts (ext4, xfs, btrfs and
/// others); without them the start fails.
/// </remarks>
public sealed class BubblewrapCommandLineCodeExecutor : CommandLineCodeExecutor
{
    /// <summary>Makes an executor; nothing is started yet.</summary>
    /// <param name="options">Copied. Null: the defaults.</param>
    /// <param name="loggerFactory">Gets what happens. Null: no log.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public BubblewrapCommandLineCodeExecutor(
        BubblewrapCommandLineCodeExecutorOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : this(options ?? new(), new BubblewrapInternals(), loggerFactory, timeProvider)
    {
    }

    internal BubblewrapCommandLineCodeExecutor(
        BubblewrapCommandLineCodeExecutorOptions options,
        BubblewrapInternals internals,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null)
        : base(
            options = options.Copy(),
            Processes(new BubblewrapSandboxProvider(options.ReadOnlyPaths, internals)),
            loggerFactory,
            timeProvider) =>
        Options = options;

    /// <summary>Gets the kind <c>bubblewrap</c>, for registration and configuration.</summary>
    public static CodeExecutorKind<BubblewrapCommandLineCodeExecutorOptions> Kind { get; } = new(
        "bubblewrap",
        isIsolated: true,
        sharesState: false,
        () => OptionsJson.Default.BubblewrapCommandLineCodeExecutorOptions,
        static (configuration, options) => configuration.Bind(options),
        static (options, loggerFactory, timeProvider) => new BubblewrapCommandLineCodeExecutor(options, loggerFactory, timeProvider),
        static executor => (executor as BubblewrapCommandLineCodeExecutor)?.Options,
        DiagnoseAsync);

    /// <summary>This executor's own copy.</summary>
    internal BubblewrapCommandLineCodeExecutorOptions Options { get; }

    /// <summary>Tries whether bubblewrap works on this machine, by making a sandbox, and tells what it enforces here.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken = default)
    {
        // Only a limit that is set tells whether it can be kept.
        BubblewrapCommandLineCodeExecutorOptions withLimit = new() { Policy = new() { Cpus = Environment.ProcessorCount } };
        ExecutorDiagnosis limited = await TryAsync(withLimit, cancellationToken).ConfigureAwait(false);
        return limited.IsAvailable ? limited : await TryAsync(new(), cancellationToken).ConfigureAwait(false);
    }

    private static Task<ExecutorDiagnosis> TryAsync(
        BubblewrapCommandLineCodeExecutorOptions options, CancellationToken cancellationToken) =>
        ExecutorDiagnosis.TryAsync(
            "bubblewrap",
            async () => (await BubblewrapProgram.FindAsync(null, null, cancellationToken).ConfigureAwait(false)).Version.ToString(),
            () => new BubblewrapCommandLineCodeExecutor(options),
            cancellationToken);
}
