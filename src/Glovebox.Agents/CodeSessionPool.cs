using Glovebox.Agents.Sessions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Agents;

/// <summary>Keeps one executor for each session, so that conversations do not see each other's files.</summary>
/// <remarks>
/// <para>A session begins, with an executor of its own, when it is first asked for by its name. It ends, with its executor and the files
/// that the executor made for itself, when it has not been used for <see cref="CodeSessionPoolOptions.IdleTimeout"/>, when
/// <see cref="EndAsync(string)"/> is called, when the pool is full and needs its place, or when the pool is disposed.</para>
/// <para>All members may be called from any thread. Two users of one session share its executor, which runs one execution at a time.</para>
/// </remarks>
public sealed partial class CodeSessionPool : IAsyncDisposable
{
    /// <summary>How many names one session may have; the oldest but one gives way.</summary>
    private const int MaxNames = 16;

    private readonly Func<ICodeExecutor> _executorFactory;
    private readonly int _maxSessions;
    private readonly TimeSpan _idleTimeout;
    private readonly FullPoolBehavior _whenFull;
    private readonly ILogger _logger;
    private readonly TimeProvider _timeProvider;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, CodeSession> _byName = new(StringComparer.Ordinal);
    private readonly HashSet<CodeSession> _sessions = [];
    private readonly HashSet<Task> _endings = [];
    private bool _disposed;

    /// <summary>Makes a pool without any session.</summary>
    /// <param name="executorFactory">Makes the executor of a session, not started, with a work directory of its own. The pool starts and
    /// disposes it.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="loggerFactory">Null: no log.</param>
    /// <param name="timeProvider">Measures idle times. Null: the system's clock.</param>
    public CodeSessionPool(
        Func<ICodeExecutor> executorFactory, CodeSessionPoolOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(executorFactory);
        options ??= new();
        _executorFactory = executorFactory;
        _maxSessions = options.MaxSessions;
        _idleTimeout = options.IdleTimeout;
        _whenFull = options.WhenFull;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<CodeSessionPool>();
        _timeProvider = timeProvider ?? TimeProvider.System;
    }

    /// <summary>How many sessions there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _sessions.Count;
            }
        }
    }

    /// <summary>The sessions' names, sorted.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_lock)
            {
                return [.. _sessions.Select(s => s.Names[0]).Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Asks what holds for every session's executor, of one that is made for it, not started, and disposed.</summary>
    internal async Task<T> AskAsync<T>(Func<ICodeExecutor, T> question, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        ICodeExecutor executor = _executorFactory();
        await using (executor.ConfigureAwait(false))
        {
            return question(executor);
        }
    }

    /// <summary>Finds a session, or begins it and starts its executor.</summary>
    /// <param name="name">Its name. Whoever can name a session can use it: take names that a stranger cannot choose or guess.</param>
    /// <param name="cancellationToken">Gives up waiting for the start.</param>
    /// <returns>The use of the session, to be disposed.</returns>
    /// <exception cref="CodeExecutionException">The executor cannot be started; or, with code <c>too-many-sessions</c>, the pool is
    /// full.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public async ValueTask<CodeSessionLease> AcquireAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        CodeSession session;
        bool isNew = false;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_byName.TryGetValue(name, out session!))
            {
                MakeRoom();
                session = new CodeSession(_executorFactory, name);
                _sessions.Add(session);
                _byName.Add(name, session);
                isNew = true;
            }

            Use(session);
        }

        if (isNew)
        {
            LogBegan(_logger, name);
            _ = session.StartAsync();
        }

        try
        {
            await session.Started.WaitAsync(cancellationToken).ConfigureAwait(false);
            return new CodeSessionLease(this, session, session.IsFirstUse());
        }
        catch
        {
            Release(session);
            if (session.Started.IsFaulted)
            {
                await EndAsync(session).ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>Ends a session: its code is killed and its executor disposed. Whoever uses it gets an
    /// <see cref="ExecutorStoppedException"/>.</summary>
    /// <param name="name">The session's name.</param>
    /// <returns>False when there is no such session.</returns>
    public async ValueTask<bool> EndAsync(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        CodeSession? session;
        lock (_lock)
        {
            _byName.TryGetValue(name, out session);
        }

        return session is not null && await EndAsync(session).ConfigureAwait(false);
    }

    /// <summary>Ends all sessions and waits until they have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] endings;
        lock (_lock)
        {
            _disposed = true;
            foreach (CodeSession session in _sessions.ToArray())
            {
                Remove(session);
            }

            endings = [.. _endings];
        }

        await Task.WhenAll(endings).ConfigureAwait(false);
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

    /// <summary>Looks a session up without using it.</summary>
    internal CodeSession? Find(string name)
    {
        lock (_lock)
        {
            return _byName.GetValueOrDefault(name);
        }
    }

    internal void Release(CodeSession session)
    {
        lock (_lock)
        {
            if (--session.Leases > 0 || !_sessions.Contains(session))
            {
                return;
            }

            session.LastUsed = _timeProvider.GetTimestamp();
            session.IdleTimer ??= _timeProvider.CreateTimer(EndIdle, session, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            session.IdleTimer.Change(_idleTimeout, Timeout.InfiniteTimeSpan);
        }
    }

    private static void Use(CodeSession session)
    {
        session.Leases++;
        session.IdleTimer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private void MakeRoom()
    {
        if (_sessions.Count < _maxSessions)
        {
            return;
        }

        CodeSession? unused = _whenFull == FullPoolBehavior.Refuse ? null : _sessions.Where(s => s.Leases == 0).MinBy(s => s.LastUsed);
        if (unused is null)
        {
            throw new CodeExecutionException(
                "too-many-sessions",
                $"There are {_maxSessions} sessions already{(_whenFull == FullPoolBehavior.Refuse ? "" : ", all in use")}.",
                "Use one of them, end one, or allow more.");
        }

        LogMadeRoom(_logger, unused.Names[0]);
        Remove(unused);
    }

    private void EndIdle(object? state)
    {
        CodeSession session = (CodeSession)state!;
        lock (_lock)
        {
            // It may have been taken up in the moment in which the timer fired.
            if (session.Leases == 0 && _sessions.Contains(session))
            {
                LogIdle(_logger, session.Names[0]);
                Remove(session);
            }
        }
    }

    private async ValueTask<bool> EndAsync(CodeSession session)
    {
        Task? ending;
        lock (_lock)
        {
            ending = Remove(session);
        }

        if (ending is not null)
        {
            await ending.ConfigureAwait(false);
        }

        return ending is not null;
    }

    /// <summary>Takes a session out and begins to end it.</summary>
    private Task? Remove(CodeSession session)
    {
        if (!_sessions.Remove(session))
        {
            return null;
        }

        foreach (string name in session.Names)
        {
            _byName.Remove(name);
        }

        Task ending = EndInBackgroundAsync(session);
        _endings.Add(ending);
        _ = ending.ContinueWith(ForgetEnding, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return ending;
    }

    private void ForgetEnding(Task ending)
    {
        lock (_lock)
        {
            _endings.Remove(ending);
        }
    }

    private async Task EndInBackgroundAsync(CodeSession session)
    {
        try
        {
            // Not on this thread, which holds the lock.
            await Task.Run(() => session.EndAsync().AsTask()).ConfigureAwait(false);
        }
        catch (CodeExecutionException e)
        {
            LogEndFailed(_logger, e, session.Names[0]);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Began the session {Session}.")]
    private static partial void LogBegan(ILogger logger, string session);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The session {Session} was unused for too long and is ended.")]
    private static partial void LogIdle(ILogger logger, string session);

    [LoggerMessage(Level = LogLevel.Information, Message = "There are too many sessions: {Session}, unused for longest, is ended.")]
    private static partial void LogMadeRoom(ILogger logger, string session);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The session {Session} did not end cleanly.")]
    private static partial void LogEndFailed(ILogger logger, Exception exception, string session);
}
