using Glovebox.Execution;
using Glovebox.Hosting;
using Glovebox.Jupyter.Kernels;
using Glovebox.Jupyter.Servers;
using Glovebox.Sandboxes.Bubblewrap;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Glovebox.Jupyter;

/// <summary>Runs code blocks as cells of a Jupyter kernel: what one block defines, the next ones have, and what it draws arrives as
/// pictures. The kernel is on a server at a URL, or on one that Glovebox starts in a bubblewrap sandbox, without network or port.</summary>
/// <remarks>
/// <para>Blocks in the kernel's language (<c>python</c>, with the default kernel) are cells; magics work. Blocks of other languages
/// (<c>bash</c>, <c>sh</c>, …) run as processes beside the kernel, in the same sandbox and work directory; at a URL they are refused, as a
/// result. A first line <c># filename: name</c> saves a cell under that name, too, except at a URL.</para>
/// <para>When a block's time runs out, or its caller cancels it, the kernel is interrupted, and its state is kept. If it does not obey
/// within two seconds it is ended, and <see cref="BlockResult.StateLost"/> says so. A kernel that dies is a result, and the next block has
/// a new one, whose first output says that it is. In a sandbox, whatever the code left in the background ends with its time, too; what the
/// kernel itself has started, and not given away, lives on with it. The exit code of a cell is 0, 1 when it raised an error, or what
/// <c>sys.exit</c> was given.</para>
/// <para>At a URL the kernel is this executor's own, and shut down with it; <see cref="ICodeExecutor.Workspace"/> is the server's root,
/// <see cref="BlockResult.OutputFiles"/> stays empty, and a kernel that is ended by force may take the server several seconds.</para>
/// </remarks>
public sealed class JupyterCodeExecutor : CommandLineCodeExecutor
{
    /// <summary>Makes an executor; nothing is started yet.</summary>
    /// <param name="options">Copied. Null: the defaults, that is, a server in a sandbox.</param>
    /// <param name="loggerFactory">Gets what happens. Null: no log.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    /// <exception cref="ArgumentException">An option is invalid, or cannot be had together with another.</exception>
    public JupyterCodeExecutor(
        JupyterCodeExecutorOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : this(options ?? new(), new BubblewrapInternals(), loggerFactory, timeProvider)
    {
    }

    /// <summary>Makes an executor whose server is in a sandbox of a provider; nothing is started yet.</summary>
    /// <param name="provider">Starts the sandbox. It stays the caller's.</param>
    /// <param name="options">Copied.</param>
    /// <exception cref="ArgumentException">An option is invalid, or is about a server at a URL or a bubblewrap sandbox.</exception>
    public JupyterCodeExecutor(ISandboxProvider provider, JupyterCodeExecutorOptions options)
        : this(
            (options ?? throw new ArgumentNullException(nameof(options))).Copy(),
            o => Runner(o, provider),
            loggerFactory: null,
            timeProvider: null)
    {
    }

    internal JupyterCodeExecutor(
        JupyterCodeExecutorOptions options, BubblewrapInternals internals, ILoggerFactory? loggerFactory, TimeProvider? time)
        : this(options.Copy(), o => Runner(o, internals), loggerFactory, time)
    {
    }

    private JupyterCodeExecutor(
        JupyterCodeExecutorOptions options,
        Func<JupyterCodeExecutorOptions, Func<SandboxRequest, CommandLineCodeExecutorOptions, TimeProvider, IBlockRunner>> runner,
        ILoggerFactory? loggerFactory,
        TimeProvider? timeProvider)
        : base(options, runner(options), loggerFactory, timeProvider) => Options = options;

    /// <summary>Gets the kind <c>jupyter</c>, for registration and configuration.</summary>
    public static CodeExecutorKind<JupyterCodeExecutorOptions> Kind { get; } = new(
        "jupyter",
        isIsolated: true,
        sharesState: true,
        () => JupyterOptionsJson.Default.JupyterCodeExecutorOptions,
        static (configuration, options) => configuration.Bind(options),
        static (options, loggerFactory, timeProvider) => new JupyterCodeExecutor(options, loggerFactory, timeProvider),
        static executor => (executor as JupyterCodeExecutor)?.Options,
        DiagnoseAsync);

    /// <summary>This executor's own copy.</summary>
    internal JupyterCodeExecutorOptions Options { get; }

    /// <summary>Tries whether a Jupyter server works in a sandbox on this machine, by starting one, and tells what is enforced.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken = default) =>
        ExecutorDiagnosis.TryAsync("jupyter", () => Task.FromResult<string?>(null), () => new JupyterCodeExecutor(), cancellationToken);

    private static Func<SandboxRequest, CommandLineCodeExecutorOptions, TimeProvider, IBlockRunner> Runner(
        JupyterCodeExecutorOptions options, ISandboxProvider provider) => options.IsForAnySandbox
            ? KernelBlockRunner.In(provider, options.Kernel)
            : throw new ArgumentException("Url, Token and ReadOnlyPaths cannot be had with a provider: the sandbox is the provider's.");

    private static Func<SandboxRequest, CommandLineCodeExecutorOptions, TimeProvider, IBlockRunner> Runner(
        JupyterCodeExecutorOptions options, BubblewrapInternals internals)
    {
        if (options.Url is null)
        {
            return options.Token is null
                ? KernelBlockRunner.In(new BubblewrapSandboxProvider(options.ReadOnlyPaths, internals), options.Kernel)
                : throw new ArgumentException("Token needs Url: a server in a sandbox has none.");
        }

        options.CheckForUrl();
        (Uri root, string? token) = ServerAddress.Parse(options.Url, options.Token);
        return (_, own, time) => new KernelBlockRunner(new RemoteJupyter(root, token, options.Kernel, time), own, options.Kernel, time);
    }
}
