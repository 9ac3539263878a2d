using Glovebox.Hosting;
using Glovebox.Interpreters;
using Glovebox.Sandboxes.Bubblewrap;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Glovebox;

/// <summary>Runs Python and shell blocks in living interpreters of a sandbox, a bubblewrap one by default: what one block defines, the next
/// ones have, and what it shows arrives as pictures, tables and text. No Jupyter is needed.</summary>
/// <remarks>
/// <para>Python blocks share one <c>__main__</c>. The value of a last expression is shown, and so are <c>display(...)</c> and the figures
/// of matplotlib that are open at the end of a block; <c>await</c> works at the top level. Blocks of <c>bash</c> and <c>sh</c> share one
/// bash: its directory, variables, functions and options. Blocks of other languages are processes of their own.</para>
/// <para>When a block's time runs out, or its caller cancels it, it is interrupted, and what it defined is kept. If it does not obey it is
/// ended, and undone: the context goes on from a checkpoint, a copy of the interpreter from after an earlier block, and
/// <see cref="BlockResult.UndoneBlocks"/> says so. The same holds for a block that runs out of memory, crashes or ends its interpreter.
/// What no checkpoint brings back (threads, child processes) is in <see cref="BlockResult.NotInCheckpoint"/> before it is needed. Files are
/// not undone.</para>
/// <para>The exit code of a block is 0, 1 when it raised an error, or what <c>sys.exit</c> or <c>exit</c> was given: these end the block
/// and not the context.</para>
/// </remarks>
public class InterpreterCodeExecutor : CommandLineCodeExecutor
{
    private readonly ContextTable _contexts;

    /// <summary>Makes an executor whose interpreters are in a bubblewrap sandbox; nothing is started yet.</summary>
    /// <param name="options">Copied. Null: the defaults.</param>
    /// <param name="loggerFactory">Gets what happens. Null: no log.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public InterpreterCodeExecutor(
        InterpreterCodeExecutorOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : this(options?.Copy() ?? new(), o => new BubblewrapSandboxProvider(o.ReadOnlyPaths), loggerFactory, timeProvider)
    {
    }

    /// <summary>Makes an executor whose interpreters are in a sandbox of a provider; nothing is started yet.</summary>
    /// <param name="provider">Starts the sandbox. It stays the caller's.</param>
    /// <param name="options">Copied. Null: the defaults.</param>
    /// <exception cref="ArgumentException">An option is invalid, or is about a bubblewrap sandbox.</exception>
    public InterpreterCodeExecutor(ISandboxProvider provider, InterpreterCodeExecutorOptions? options)
        : this(
            options?.Copy() ?? new(),
            o => o.ReadOnlyPaths.Count == 0
                ? provider
                : throw new ArgumentException("ReadOnlyPaths cannot be had with a provider: the sandbox is the provider's."),
            loggerFactory: null,
            timeProvider: null)
    {
    }

    private InterpreterCodeExecutor(
        InterpreterCodeExecutorOptions options,
        Func<InterpreterCodeExecutorOptions, ISandboxProvider> provider,
        ILoggerFactory? loggerFactory,
        TimeProvider? timeProvider)
        : this(provider(options), options, options.Interpreter, loggerFactory, timeProvider) => Options = options;

    /// <summary>Makes an executor of a kind of its own.</summary>
    /// <param name="provider">Starts the sandbox.</param>
    /// <param name="options">This executor's own.</param>
    /// <param name="interpreter">Its own, too.</param>
    /// <param name="loggerFactory">Gets what happens. Null: no log.</param>
    /// <param name="timeProvider">Measures time. Null: the system's.</param>
    private protected InterpreterCodeExecutor(
        ISandboxProvider provider,
        CommandLineCodeExecutorOptions options,
        InterpreterOptions interpreter,
        ILoggerFactory? loggerFactory,
        TimeProvider? timeProvider)
        : base(options, InterpreterBlockRunner.In(provider, interpreter), loggerFactory, timeProvider) =>
        _contexts = ((InterpreterBlockRunner)BlockRunner).Contexts;

    /// <summary>Gets the kind <c>interpreter</c>, for registration and configuration.</summary>
    public static CodeExecutorKind<InterpreterCodeExecutorOptions> Kind { get; } = new(
        "interpreter",
        isIsolated: true,
        sharesState: true,
        () => OptionsJson.Default.InterpreterCodeExecutorOptions,
        static (configuration, options) => configuration.Bind(options),
        static (options, loggerFactory, timeProvider) => new InterpreterCodeExecutor(options, loggerFactory, timeProvider),
        static executor => (executor as InterpreterCodeExecutor)?.Options,
        DiagnoseAsync);

    /// <summary>Gets the contexts that there are: those that were made, and those named <c>python</c> and <c>bash</c> to which blocks went
    /// without a name.</summary>
    public IReadOnlyList<CodeContext> Contexts => _contexts.All;

    /// <summary>This executor's own copy; null for an executor of another kind.</summary>
    internal InterpreterCodeExecutorOptions? Options { get; }

    /// <summary>Makes a context. Its interpreter is started with it, and the executor, if nobody has.</summary>
    /// <param name="options">What it is made of. Null: the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The context, which ends when it is closed, or when the executor is stopped.</returns>
    /// <exception cref="ArgumentException">The language is none that contexts have.</exception>
    /// <exception cref="CodeExecutionException">The name is taken (<c>context-exists</c>), there are too many
    /// (<c>too-many-contexts</c>), or the context cannot be made (<c>context-not-made</c>): its directory is missing, say.</exception>
    public async Task<CodeContext> CreateContextAsync(CodeContextOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        CodeLanguage? language = BlockRunner.Languages.Find(options.Language);
        bool isShell = ReferenceEquals(language, CodeLanguage.Bash) || ReferenceEquals(language, CodeLanguage.Sh);
        if (!isShell && !ReferenceEquals(language, CodeLanguage.Python))
        {
            throw new ArgumentException(
                $"Contexts run python or bash, not '{WorkspacePath.Printable(options.Language ?? "")}'.", nameof(options));
        }

        await EnsureStartedAsync(cancellationToken).ConfigureAwait(false);
        CodeContext context = _contexts.Add(
            options.Name,
            isShell,
            new CodeContextOptions { Language = language!.Name, Directory = options.Directory, Environment = options.Environment });
        try
        {
            await context.LiveAsync(cancellationToken).ConfigureAwait(false);
            return context;
        }
        catch
        {
            _contexts.Remove(context);
            throw;
        }
    }

    /// <summary>Gets a context by its name; null: there is none.</summary>
    /// <param name="name">The name.</param>
    public CodeContext? FindContext(string name) => _contexts.All.FirstOrDefault(c => c.Name == name);

    /// <summary>Tries whether interpreters work in a bubblewrap sandbox on this machine, by starting one, and tells what is
    /// enforced.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<ExecutorDiagnosis> DiagnoseAsync(CancellationToken cancellationToken = default) =>
        ExecutorDiagnosis.TryAsync(
            "interpreter", () => Task.FromResult<string?>(null), () => new InterpreterCodeExecutor(), cancellationToken);
}
