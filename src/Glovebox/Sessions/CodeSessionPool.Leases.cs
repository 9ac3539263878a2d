using System.Diagnostics.CodeAnalysis;
using Glovebox.Middleware;

namespace Glovebox.Sessions;

/// <content>Gives sessions to callers, and takes them back.</content>
public sealed partial class CodeSessionPool
{
    private async ValueTask<CodeSessionLease> LeaseAsync(string? name, CodeSessionOptions? options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Increment(ref _waiting);
        try
        {
            return await StartTelemetry.FollowAsync(
                PoolInstruments.Activities,
                "acquire_session",
                PoolInstruments.WaitDuration,
                _timeProvider,
                () => PoolInstruments.Tag(_options.Name),
                () => WaitForLeaseAsync(name, options, cancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task<CodeSessionLease> WaitForLeaseAsync(
        string? name, CodeSessionOptions? options, CancellationToken cancellationToken)
    {
        CodeSession? session;
        while (!TryUse(name, options, out session, out Task room))
        {
            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return await LeaseOfAsync(session, cancellationToken).ConfigureAwait(false);
    }

    private async Task<CodeSessionLease> LeaseOfAsync(CodeSession session, CancellationToken cancellationToken)
    {
        try
        {
            ICodeExecutor executor = await session.Started.WaitAsync(cancellationToken).ConfigureAwait(false);
            return new CodeSessionLease(
                executor, Locked(() => IsFirstUse(session)), session.Ended, () => Locked(() => Release(session)));
        }
        catch
        {
            _ = Locked(() => GiveUp(session));
            throw;
        }
    }

    /// <summary>Takes up the session of that name, or begins one.</summary>
    /// <returns>False when the pool is full; <paramref name="room"/> completes when it may have room.</returns>
    private bool TryUse(string? name, CodeSessionOptions? options, [NotNullWhen(true)] out CodeSession? session, out Task room)
    {
        room = Task.CompletedTask;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            EndThoseOver();
            if (name is null || !_byName.TryGetValue(name, out session))
            {
                if (_sessions.Count >= _options.MaxSessions && !EndLeastRecentlyUsed())
                {
                    session = null;
                    room = (_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                    return false;
                }

                session = Begin(options);
                _sessions.Add(session);
                if (name is not null)
                {
                    session.Names.Add(name);
                    _byName.Add(name, session);
                }

                LogBegan(_logger, session);
            }

            session.Leases++;
            SetNextEnd();
            return true;
        }
    }

    private CodeSession Begin(CodeSessionOptions? options)
    {
        CodeSession session = options?.ExecutorFactory is { } factory
            ? new(token => StartAsync(factory, token))
            : TakeAhead() ?? new(StartAsync);
        session.LifetimeSince = _timeProvider.GetTimestamp();
        session.IdleTimeout = options?.IdleTimeout ?? _options.IdleTimeout;
        session.Lifetime = options?.MaxLifetime ?? _options.MaxLifetime;
        return session;
    }

    private bool IsFirstUse(CodeSession session)
    {
        if (session.IsUsed)
        {
            return false;
        }

        if (!_isRefillDue && !_disposed)
        {
            _isRefillDue = _refill.Change(RefillDelay, Timeout.InfiniteTimeSpan);
        }

        return session.IsUsed = true;
    }

    private Task Release(CodeSession session)
    {
        if (--session.Leases > 0 || !_sessions.Contains(session))
        {
            return Task.CompletedTask;
        }

        if (session.Names.Count == 0)
        {
            return End(session);
        }

        session.LastUsed = _timeProvider.GetTimestamp();
        SetNextEnd();
        TellOfRoom();
        return Task.CompletedTask;
    }

    /// <summary>Takes back the use of a session from a caller that did not get its executor.</summary>
    private Task GiveUp(CodeSession session)
    {
        if (session.HasFailed && _sessions.Contains(session))
        {
            return End(session);
        }

        if (session is { Names.Count: 0, IsUsed: false } && _ahead.Count < _options.StartedAhead && _sessions.Remove(session))
        {
            // No code has run in it, and no other caller can ask for this session.
            session.Leases = 0;
            _ahead.Add(session);
            TellOfRoom();
            return Task.CompletedTask;
        }

        return Release(session);
    }
}
