using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Sessions;

/// <summary>Keeps one executor for each session, so that conversations do not see each other's files, and starts executors ahead of need,
/// so that a new session begins at once.</summary>
/// <remarks>
/// <para>A session begins, with an executor of its own, when its name is first asked for. It ends, with its executor and the files that the
/// executor made for itself, after <see cref="CodeSessionPoolOptions.IdleTimeout"/> without use, after
/// <see cref="CodeSessionPoolOptions.MaxLifetime"/>, when <see cref="EndAsync(string)"/> is called, when the pool is full and needs its
/// place, or when the pool is disposed. A session without a name (<see cref="RentAsync"/>) ends with its only lease. No executor serves a
/// second session.</para>
/// <para><see cref="CodeSessionPoolOptions.StartedAhead"/> executors wait for new sessions. They are started when <see cref="FillAsync"/>
/// is called, and otherwise a moment after each new session, so that its first block does not share the machine with a start. A start
/// ahead that fails is logged, and tried again after the next new session.</para>
/// <para>All members may be called from any thread. Two users of one session share its executor, which runs one execution at a time.</para>
/// </remarks>
public sealed partial class CodeSessionPool : IAsyncDisposable
{
    /// <summary>A block takes some 10 ms, a start some hundreds.</summary>
    private static readonly TimeSpan RefillDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>How many names one session may have; the second oldest gives way.</summary>
    private const int MaxNames = 16;

    private readonly CodeSessionPoolOptions _options;
    private readonly SemaphoreSlim _starts;
    private readonly ILogger _logger;
    private readonly TimeProvider _timeProvider;
    private readonly ITimer _nextEnd;
    private readonly ITimer _refill;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, CodeSession> _byName = new(StringComparer.Ordinal);
    private readonly HashSet<CodeSession> _sessions = [];
    private readonly List<CodeSession> _ahead = [];
    private readonly HashSet<Task> _endings = [];
    private TaskCompletionSource? _room;
    private int _waiting;
    private bool _isRefillDue;
    private bool _disposed;

    /// <summary>Makes a pool; nothing is started yet.</summary>
    /// <param name="executorFactory">Makes the executor of a session, with a work directory of its own; called on any thread. The pool
    /// starts and disposes it.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="loggerFactory">Null: no log.</param>
    /// <param name="timeProvider">Measures the sessions' times. Null: the system's clock.</param>
    public CodeSessionPool(
        Func<ICodeExecutor> executorFactory,
        CodeSessionPoolOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null)
        : this(Asynchronous(executorFactory), options, loggerFactory, timeProvider)
    {
    }

    private CodeSessionPool(
        Func<CancellationToken, ValueTask<ICodeExecutor>> executorFactory,
        CodeSessionPoolOptions? options,
        ILoggerFactory? loggerFactory,
        TimeProvider? timeProvider)
    {
        ArgumentNullException.ThrowIfNull(executorFactory);
        ExecutorFactory = executorFactory;
        _options = options?.Copy() ?? new();
        _starts = new SemaphoreSlim(_options.MaxConcurrentStarts);
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<CodeSessionPool>();
        _timeProvider = timeProvider ?? TimeProvider.System;
        _nextEnd = _timeProvider.CreateTimer(_ => Locked(EndThoseOver), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _refill = _timeProvider.CreateTimer(_ => Locked(Refill), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        PoolInstruments.Add(this, _options.Name);
    }

    /// <summary>Makes a pool whose executors take time to make; nothing is started yet.</summary>
    /// <param name="executorFactory">Makes the executor of a session, with a work directory of its own; called on any thread. The pool
    /// starts and disposes it. The token is cancelled when the session is ended meanwhile.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="loggerFactory">Null: no log.</param>
    /// <param name="timeProvider">Measures the sessions' times. Null: the system's clock.</param>
    public static CodeSessionPool Create(
        Func<CancellationToken, ValueTask<ICodeExecutor>> executorFactory,
        CodeSessionPoolOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null) => new(executorFactory, options, loggerFactory, timeProvider);

    /// <summary>Gets the number of sessions.</summary>
    public int Count => Locked(() => _sessions.Count);

    /// <summary>Gets the number of executors that wait, started, for new sessions.</summary>
    public int ReadyCount => Locked(() => _ahead.Count(IsReady));

    /// <summary>Gets the first names of the sessions that have names, sorted.</summary>
    public IReadOnlyList<string> Names =>
        Locked<IReadOnlyList<string>>(() => [.. _sessions.SelectMany(s => s.Names.Take(1)).Order(StringComparer.Ordinal)]);

    internal Func<CancellationToken, ValueTask<ICodeExecutor>> ExecutorFactory { get; }

    /// <summary>Whether blocks of a session share state; null until an executor has been made, or where it does not say.</summary>
    internal bool? SharesState { get; private set; }

    internal int MaxSessions => _options.MaxSessions;

    internal PoolCounts Counts => Locked(() => new PoolCounts(
        _sessions.Count, _sessions.Count(s => s.Leases > 0 && s.IsUsed), _ahead.Count(IsReady), _waiting));

    /// <summary>Gets whether there is a session of that name.</summary>
    /// <param name="name">The session's name.</param>
    public bool Contains(string name) => Locked(() => _byName.ContainsKey(name));

    /// <summary>Starts executors until <see cref="CodeSessionPoolOptions.StartedAhead"/> wait, and returns when they have
    /// started.</summary>
    /// <param name="cancellationToken">Gives up waiting; the starts go on.</param>
    /// <exception cref="CodeExecutionException">An executor cannot be started.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public async Task FillAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                await Locked(StartAhead).WaitAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (ExecutorStoppedException)
            {
                // A session took that executor and was ended, or the pool is disposed: the next round tells.
            }
        }
    }

    /// <summary>Finds a session, or begins it.</summary>
    /// <param name="name">Its name. Anyone who knows a name can use the session: take names that a stranger cannot choose or guess.</param>
    /// <param name="cancellationToken">Gives up waiting for the start.</param>
    /// <returns>The use of the session, to be disposed.</returns>
    /// <exception cref="CodeExecutionException">The executor cannot be started; or, with code <c>too-many-sessions</c>, the pool is full.
    /// With an <see cref="ExecutorStoppedException"/>, the session was ended while its executor started.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public ValueTask<CodeSessionLease> AcquireAsync(string name, CancellationToken cancellationToken) =>
        AcquireAsync(name, null, cancellationToken);

    /// <summary>Finds a session, or begins it with times or an executor of its own.</summary>
    /// <param name="name">Its name. Anyone who knows a name can use the session: take names that a stranger cannot choose or guess.</param>
    /// <param name="options">What it has otherwise than the pool's options say, if this call begins it. Null: nothing.</param>
    /// <param name="cancellationToken">Gives up waiting for the start.</param>
    /// <returns>The use of the session, to be disposed.</returns>
    /// <exception cref="CodeExecutionException">The executor cannot be started; or, with code <c>too-many-sessions</c>, the pool is full.
    /// With an <see cref="ExecutorStoppedException"/>, the session was ended while its executor started.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public ValueTask<CodeSessionLease> AcquireAsync(
        string name, CodeSessionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return LeaseAsync(name, options, cancellationToken);
    }

    /// <summary>Finds a session, and begins none.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Gives up waiting for its start.</param>
    /// <returns>The use of the session, to be disposed; null when there is none of that name.</returns>
    /// <exception cref="CodeExecutionException">Its executor cannot be started. With an <see cref="ExecutorStoppedException"/>, it was
    /// ended meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public async ValueTask<CodeSessionLease?> AcquireExistingAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() => UseExisting(name)) is { } session
            ? await LeaseOfAsync(session, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>Ends a session after a time from now, whatever it was to live before, and even while it is in use.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="lifetime">The time; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>False when there is no such session.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public bool SetLifetime(string name, TimeSpan lifetime)
    {
        CodeSessionPoolOptions.CheckLifetime(lifetime);
        return Locked(() =>
        {
            if (!_byName.TryGetValue(name, out CodeSession? session))
            {
                return false;
            }

            (session.Lifetime, session.LifetimeSince) = (lifetime, _timeProvider.GetTimestamp());
            SetNextEnd();
            return true;
        });
    }

    /// <summary>Begins a session without a name, which ends when the lease is disposed.</summary>
    /// <inheritdoc cref="AcquireAsync(string, CancellationToken)"/>
    public ValueTask<CodeSessionLease> RentAsync(CancellationToken cancellationToken = default) =>
        LeaseAsync(null, null, cancellationToken);

    /// <summary>Ends a session: its code is killed and its executor disposed. Its users get an
    /// <see cref="ExecutorStoppedException"/>.</summary>
    /// <param name="name">The session's name.</param>
    /// <returns>False when there is no such session.</returns>
    public async ValueTask<bool> EndAsync(string name)
    {
        Task? ending = Locked(() => _byName.TryGetValue(name, out CodeSession? session) ? End(session) : null);
        await (ending ?? Task.CompletedTask).ConfigureAwait(false);
        return ending is not null;
    }

    /// <summary>Ends all sessions and the executors that wait, and returns when they have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] endings = Locked<Task[]>(() =>
        {
            _disposed = true;
            Array.ForEach([.. _sessions, .. _ahead], s => End(s));
            TellOfRoom();
            return [.. _endings];
        });
        await _nextEnd.DisposeAsync().ConfigureAwait(false);
        await _refill.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(endings).ConfigureAwait(false);
        PoolInstruments.Remove(this);
    }

    /// <summary>Gives a session another name, by which it is found too. Does nothing when there is no such session.</summary>
    internal void Link(string name, string other)
    {
        lock (_lock)
        {
            if (!_byName.TryGetValue(name, out CodeSession? session) || !_byName.TryAdd(other, session))
            {
                return;
            }

            session.Names.Add(other);
            if (session.Names.Count > MaxNames)
            {
                _byName.Remove(session.Names[1]);
                session.Names.RemoveAt(1);
            }
        }
    }

    /// <summary>Looks up the started executor of a session without using it.</summary>
    internal ICodeExecutor? Find(string name) => Locked(() => _byName.GetValueOrDefault(name)?.Executor);

    private static Func<CancellationToken, ValueTask<ICodeExecutor>> Asynchronous(Func<ICodeExecutor> executorFactory)
    {
        ArgumentNullException.ThrowIfNull(executorFactory);
        return _ => ValueTask.FromResult(executorFactory());
    }

    private static bool IsReady(CodeSession ahead) => ahead.Started.IsCompleted && !ahead.IsLost;

    /// <summary>Makes room for a session.</summary>
    /// <returns>False when all sessions are in use and the caller is to wait.</returns>
    private bool EndLeastRecentlyUsed()
    {
        bool refuses = _options.WhenFull == FullPoolBehavior.Refuse;
        CodeSession? unused = refuses ? null : _sessions.Where(s => s.Leases == 0).MinBy(s => s.LastUsed);
        if (unused is not null)
        {
            LogMadeRoom(_logger, unused);
            End(unused);
        }
        else if (_options.WhenFull != FullPoolBehavior.Wait)
        {
            throw new CodeExecutionException(
                "too-many-sessions",
                $"There are {_options.MaxSessions} sessions already{(refuses ? "" : ", all in use")}.",
                "Use one of them, end one, or allow more.");
        }

        return unused is not null;
    }

    /// <summary>Ends the sessions that have reached their time. No other is ended when the timer fires early, or while a session is taken
    /// up again; and none is given out when it fires late.</summary>
    private void EndThoseOver()
    {
        foreach (CodeSession session in _sessions.Where(s => TimeLeft(s) == TimeSpan.Zero).ToArray())
        {
            LogOver(_logger, session);
            End(session);
        }

        SetNextEnd();
    }

    private void SetNextEnd()
    {
        TimeSpan next = _sessions.Select(TimeLeft).DefaultIfEmpty(TimeSpan.MaxValue).Min();
        _nextEnd.Change(next == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : next, Timeout.InfiniteTimeSpan);
    }

    private TimeSpan TimeLeft(CodeSession session)
    {
        TimeSpan life = Left(session.Lifetime, session.LifetimeSince);
        TimeSpan idle = session.Leases > 0 ? TimeSpan.MaxValue : Left(session.IdleTimeout, session.LastUsed);
        return life < idle ? life : idle;

        TimeSpan Left(TimeSpan most, long since) => most == Timeout.InfiniteTimeSpan
            ? TimeSpan.MaxValue
            : TimeSpan.FromTicks(Math.Max(0, (most - _timeProvider.GetElapsedTime(since)).Ticks));
    }

    /// <summary>Begins to end an executor and its session, on another thread: this one holds the lock.</summary>
    private Task End(CodeSession session)
    {
        _sessions.Remove(session);
        _ahead.Remove(session);
        session.TellOfEnd();
        session.Names.ForEach(name => _byName.Remove(name));
        TellOfRoom();
        Task ending = Task.Run(() => EndAsync(session));
        _endings.Add(ending);
        _ = ending.ContinueWith(
            ended => Locked(() => _endings.Remove(ended)), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return ending;
    }

    private async Task EndAsync(CodeSession session)
    {
        try
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }
        catch (CodeExecutionException e)
        {
            LogEndFailed(_logger, e, session);
        }
    }

    private CodeSession? UseExisting(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        EndThoseOver();
        if (_byName.TryGetValue(name, out CodeSession? session))
        {
            session.Leases++;
            SetNextEnd();
        }

        return session;
    }

    private void TellOfRoom()
    {
        _room?.TrySetResult();
        _room = null;
    }

    private T Locked<T>(Func<T> what)
    {
        lock (_lock)
        {
            return what();
        }
    }

    private void Locked(Action what)
    {
        lock (_lock)
        {
            what();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Began the session {Session}.")]
    private static partial void LogBegan(ILogger logger, CodeSession session);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The session {Session} reached its idle time-out or its lifetime and is ended.")]
    private static partial void LogOver(ILogger logger, CodeSession session);

    [LoggerMessage(Level = LogLevel.Information, Message = "There are too many sessions: {Session}, unused for longest, is ended.")]
    private static partial void LogMadeRoom(ILogger logger, CodeSession session);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The session {Session} did not end cleanly.")]
    private static partial void LogEndFailed(ILogger logger, Exception exception, CodeSession session);
}
