using Glovebox.Execution;

namespace Glovebox.Interpreters;

/// <summary>A living interpreter that keeps state between blocks. Blocks go to it by its name
/// (<see cref="CodeExecutionOptions.Context"/>), one after another; those of different contexts run at the same time.</summary>
/// <remarks>Members may be called from any thread. Those that change the state wait for the block that runs, but for
/// <see cref="InterruptAsync"/>.</remarks>
public sealed class CodeContext
{
    private readonly Lock _lock = new();
    private readonly ContextTable _table;
    private readonly CodeContextOptions _options;
    private LiveContext? _live;

    /// <summary>Where the last block ran.</summary>
    private LiveContext? _last;

    internal CodeContext(ContextTable table, string name, bool isShell, CodeContextOptions options, Turn turn) =>
        (_table, Name, IsShell, _options, Turn) = (table, name, isShell, options, turn);

    /// <summary>Gets the name.</summary>
    public string Name { get; }

    /// <summary>Gets the language of its blocks: <c>python</c> or <c>bash</c>.</summary>
    public string Language => IsShell ? CodeLanguage.Bash.Name : CodeLanguage.Python.Name;

    /// <summary>Gets how many blocks its state is made of: those that were undone do not count.</summary>
    public int BlockCount => _live is { IsLost: false } live ? live.Blocks : 0;

    /// <summary>Gets whether it is closed. Its name may be used again then.</summary>
    public bool IsClosed { get; private set; }

    internal bool IsShell { get; }

    internal Turn Turn { get; }

    internal CodeContextOptions Options => _options;

    /// <summary>Interrupts the block that runs, as Ctrl+C does. Its result has the exit code 130 unless it catches that, and what it
    /// defined so far is kept.</summary>
    /// <returns>Whether a block ran.</returns>
    public Task<bool> InterruptAsync() => _live is { } live ? live.InterruptAsync() : Task.FromResult(false);

    /// <summary>Gives up all state: the next block has a new interpreter.</summary>
    /// <param name="cancellationToken">Gives up waiting for the block that runs.</param>
    /// <exception cref="CodeExecutionException">The context is closed.</exception>
    public Task RestartAsync(CancellationToken cancellationToken = default) => InTurnAsync(
        async () =>
        {
            await LetGoAsync(cancellationToken).ConfigureAwait(false);
            _last = null;
        },
        cancellationToken);

    /// <summary>Undoes the last blocks: the context goes on from the state before them. Files are not undone.</summary>
    /// <param name="blocks">How many, at least 1. At most one less than <see cref="InterpreterOptions.Checkpoints"/>, or all.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    /// <exception cref="CodeExecutionException">There is no checkpoint from before them (<c>roll-back-failed</c>), or the context is closed
    /// (<c>unknown-context</c>). The state is as it was.</exception>
    public Task RollBackAsync(int blocks = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        return InTurnAsync(
            async () =>
            {
                LiveContext? live = _live;
                if (live is null or { IsLost: true } || live.Blocks < blocks)
                {
                    throw new CodeExecutionException(
                        "roll-back-failed",
                        $"The context {Name} has {BlockCount} blocks, and {blocks} cannot be undone.");
                }

                await live.Host.RollBackAsync(live, blocks, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);
    }

    /// <summary>Makes a context that goes on from this one's state; both go their own ways from here. Files are shared.</summary>
    /// <param name="name">The name of the new one. Null: one is made up.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="CodeExecutionException">The name is taken, there are too many contexts, or no copy can be made.</exception>
    public async Task<CodeContext> BranchAsync(string? name = null, CancellationToken cancellationToken = default)
    {
        CodeContext? branch = null;
        await InTurnAsync(
            async () =>
            {
                LiveContext live = await LiveAsync(cancellationToken).ConfigureAwait(false);
                branch = _table.Add(name, IsShell, _options);
                try
                {
                    branch._last = await branch.TakeAsync(
                        await live.Host.BranchAsync(live, _table.Time, cancellationToken).ConfigureAwait(false),
                        cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    _table.Remove(branch);
                    throw;
                }
            },
            cancellationToken).ConfigureAwait(false);
        return branch!;
    }

    /// <summary>Lists the processes that its blocks have started and that still run: background jobs, servers.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<IReadOnlyList<ContextProcess>> ListProcessesAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        return _live is { IsLost: false } live
            ? [.. (await live.Host.ProcessesAsync(live, cancellationToken).ConfigureAwait(false)).Select(p => new ContextProcess(p))]
            : [];
    }

    /// <summary>Ends the context with all that its blocks have started. The block that runs is ended, too.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (IsClosed)
            {
                return;
            }

            IsClosed = true;
        }

        _table.Remove(this);
        await LetGoAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets what its blocks run in. A new one is made where there is none yet, or none any more.</summary>
    internal async Task<LiveContext> LiveAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        if (_live is { IsLost: false } live)
        {
            return live;
        }

        InterpreterHost host = await _table.HostAsync(cancellationToken).ConfigureAwait(false);
        return await TakeAsync(
            await host.CreateAsync(IsShell, _options.Directory, _options.Environment, _table.Time, cancellationToken).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A block is about to run. Tells whether what earlier ones defined is gone, by nothing that was asked for.</summary>
    internal bool TakeLoss(LiveContext live)
    {
        bool isLost = (_last is not null && _last != live) || live.TakeLoss();
        _last = live;
        return isLost;
    }

    /// <summary>Takes what was made for the context, and gives what its blocks run in. Who makes a context or closes it does not wait for
    /// its turn: one that another has made meanwhile stays, and one that comes after the end is ended.</summary>
    private async Task<LiveContext> TakeAsync(LiveContext made, CancellationToken cancellationToken)
    {
        LiveContext? other;
        lock (_lock)
        {
            other = IsClosed ? null : _live is { IsLost: false } live ? live : _live = made;
        }

        if (other != made)
        {
            await made.Host.CloseAsync(made, cancellationToken).ConfigureAwait(false);
        }

        return other ?? throw ContextTable.Unknown(Name);
    }

    private async Task LetGoAsync(CancellationToken cancellationToken)
    {
        if (_live is { } live)
        {
            _live = null;
            try
            {
                if (!live.IsLost)
                {
                    await live.Host.CloseAsync(live, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                live.Lose();
            }
        }
    }

    private async Task InTurnAsync(Func<Task> step, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        await Turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosed();
            await step().ConfigureAwait(false);
        }
        finally
        {
            Turn.Leave();
        }
    }

    private void ThrowIfClosed()
    {
        if (IsClosed)
        {
            throw ContextTable.Unknown(Name);
        }
    }
}

/// <summary>A process that blocks of a context have started. What it is called is the guest's to say.</summary>
public sealed class ContextProcess
{
    internal ContextProcess(ProcessNews news) =>
        (Id, Command, Age) =
            (news.Pid, WorkspacePath.Printable(news.Command ?? ""), TimeSpan.FromSeconds(Math.Clamp(news.Seconds, 0, 1e9)));

    /// <summary>Gets its number inside the sandbox.</summary>
    public int Id { get; }

    /// <summary>Gets its program and arguments, at most 4 KiB, without control characters.</summary>
    public string Command { get; }

    /// <summary>Gets how long it runs.</summary>
    public TimeSpan Age { get; }
}

/// <summary>What a context is made of.</summary>
public sealed class CodeContextOptions
{
    /// <summary>The language of its blocks: <c>python</c> or <c>bash</c>, or an alias of these. Default: <c>python</c>.</summary>
    public string Language { get; set; } = CodeLanguage.Python.Name;

    /// <summary>The name, by which blocks go to it: letters, digits, <c>.</c>, <c>_</c> and <c>-</c>, at most 64. Null, the default: one is
    /// made up.</summary>
    /// <exception cref="ArgumentException">Not such a name.</exception>
    public string? Name
    {
        get;
        set => field = value is null ? null : ContextTable.Check(value);
    }

    /// <summary>The directory in which it begins, relative to the work directory or absolute. Null, the default: the work
    /// directory.</summary>
    /// <exception cref="ArgumentException">Empty, or holds a NUL.</exception>
    public string? Directory
    {
        get;
        set => field = value is null || (value.Length > 0 && !value.Contains('\0'))
            ? value
            : throw new ArgumentException("Directory must be a path without a NUL.", nameof(Directory));
    }

    /// <summary>Environment variables beyond those of the executor. Default: none.</summary>
    /// <exception cref="ArgumentException">A name is empty or holds <c>=</c> or NUL, or a value is null or holds NUL.</exception>
    public IReadOnlyDictionary<string, string> Environment
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value, nameof(Environment));
            field = GuestVariables.Copy(value);
        }
    } = new Dictionary<string, string>(StringComparer.Ordinal);
}
