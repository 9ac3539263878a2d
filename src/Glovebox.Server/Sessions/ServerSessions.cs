using System.Collections.Concurrent;
using System.Security.Cryptography;
using Glovebox.Hosting;
using Glovebox.Middleware;
using Glovebox.Server.Audit;
using Glovebox.Server.Keys;
using Glovebox.Server.Requests;
using Glovebox.Sessions;
using Microsoft.Extensions.Logging;

namespace Glovebox.Server.Sessions;

/// <summary>All sessions of the server, of whatever API. Their executors come from the core's pool, which ends them.</summary>
internal sealed class ServerSessions : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ServerSession> _sessions = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly GloveboxServerOptions _options;
    private readonly CodeExecutorFactory _factory;
    private readonly CodeSessionPool _pool;
    private readonly SessionStore _store;
    private readonly AuditStore _audit;
    private readonly IServiceProvider _services;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private volatile bool _isDraining;

    public ServerSessions(
        GloveboxServerOptions options,
        CodeExecutorFactory factory,
        SessionStore store,
        AuditStore audit,
        IServiceProvider services,
        ILoggerFactory loggers,
        TimeProvider time)
    {
        (_options, _factory, _store, _audit, _services, _loggers, _time) = (options, factory, store, audit, services, loggers, time);
        _pool = new CodeSessionPool(
            () => Create(options.Default, null),
            new()
            {
                Name = "server",
                MaxSessions = options.MaxSessions,
                StartedAhead = options.StartedAhead,
                WhenFull = FullPoolBehavior.Refuse,
                IdleTimeout = options.IdleTimeout,
                MaxLifetime = options.MaxLifetime,
            },
            loggers,
            time);
    }

    /// <summary>Whether no new session is begun any more.</summary>
    public bool IsDraining => _isDraining;

    public IReadOnlyDictionary<string, ServerSession> All => _sessions;

    /// <summary>Starts the sandboxes that wait for sessions.</summary>
    public Task FillAsync(CancellationToken cancellationToken) => _pool.FillAsync(cancellationToken);

    /// <summary>Begins a session, with its sandbox started.</summary>
    /// <exception cref="ApiException">The client may not, or asks for what there is not.</exception>
    /// <exception cref="CodeExecutionException">The sandbox cannot be started.</exception>
    public Task<ServerSession> CreateAsync(ApiKey key, SessionRequest request, CancellationToken cancellationToken) =>
        CreateAsync(key, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), request, cancellationToken);

    /// <summary>Begins a session of a name that no client of another key can say.</summary>
    public async Task<ServerSession> CreateAsync(ApiKey key, string id, SessionRequest request, CancellationToken cancellationToken)
    {
        SessionTemplate template = TemplateOf(key, request.Template);
        TimeSpan lifetime = Within("lifetime", request.Lifetime);
        TimeSpan idle = request.IdleTimeout is { } asked ? Within("idle time-out", asked) : _options.IdleTimeout;
        bool isPlain = template == _options.Default && request.IsPlain && key.Limits is { MaxMemory: null, MaxCpus: null }
            && key.Limits.Network != KeyNetwork.None;
        ServerSession session = new(id, key, request, _time.GetUtcNow())
        {
            Ends = lifetime == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : _time.GetUtcNow() + lifetime,
        };
        if (!isPlain)
        {
            // What is wrong with the request is told now, and not by a start that fails.
            await Create(template, Configure).DisposeAsync().ConfigureAwait(false);
        }

        Add(session);
        try
        {
            CodeSessionOptions options = new()
            {
                IdleTimeout = idle,
                MaxLifetime = lifetime,
                ExecutorFactory = isPlain ? null : _ => ValueTask.FromResult(Create(template, Configure)),
            };
            CodeSessionLease lease = await _pool.AcquireAsync(id, options, cancellationToken).ConfigureAwait(false);
            await using (lease.ConfigureAwait(false))
            {
                _store.Begin(session);
                _ = lease.SessionEnded.ContinueWith(
                    _ => Remove(session, ended: true), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                return session;
            }
        }
        catch
        {
            // A caller that gives up leaves no session that nobody knows of.
            await _pool.EndAsync(id).ConfigureAwait(false);
            Remove(session, ended: false);
            throw;
        }

        void Configure(CommandLineCodeExecutorOptions executor) => SessionPolicy.Apply(executor, request, key.Limits);
    }

    /// <summary>Finds a session of a key. One of another key is as unknown as one that there never was.</summary>
    public ServerSession? Find(ApiKey key, string id) =>
        _sessions.TryGetValue(id, out ServerSession? session) && session.Key.Id == key.Id ? session : null;

    /// <exception cref="ApiException">There is none.</exception>
    public ServerSession Get(ApiKey key, string id) => Find(key, id) ?? throw Unknown();

    /// <summary>The sessions of a key, oldest first.</summary>
    public IEnumerable<ServerSession> Of(ApiKey key) =>
        _sessions.Values.Where(s => s.Key.Id == key.Id).OrderBy(s => s.Began).ThenBy(s => s.Id, StringComparer.Ordinal);

    /// <summary>Takes a session into use.</summary>
    /// <exception cref="ApiException">It has ended.</exception>
    public async Task<SessionUse> UseAsync(ServerSession session, CancellationToken cancellationToken)
    {
        CodeSessionLease lease = await _pool.AcquireExistingAsync(session.Id, cancellationToken).ConfigureAwait(false) ?? throw Unknown();
        return new SessionUse(session, lease, session.Parts.Get(() => new AuditedExecutor(Audited(session, lease.Executor))).Executor);
    }

    /// <summary>Has a session end after a time from now.</summary>
    public void SetLifetime(ServerSession session, TimeSpan lifetime)
    {
        TimeSpan within = Within("lifetime", lifetime);
        if (!_pool.SetLifetime(session.Id, within))
        {
            throw Unknown();
        }

        session.Ends = _time.GetUtcNow() + within;
    }

    /// <summary>Ends a session, and returns when its sandbox has ended.</summary>
    public async Task<bool> EndAsync(ServerSession session, string reason)
    {
        session.EndReason ??= reason;
        return await _pool.EndAsync(session.Id).ConfigureAwait(false);
    }

    /// <summary>Begins no session any more.</summary>
    public void Drain() => _isDraining = true;

    public async ValueTask DisposeAsync()
    {
        Drain();
        foreach (ServerSession session in _sessions.Values)
        {
            session.EndReason ??= "the server ended";
        }

        await _pool.DisposeAsync().ConfigureAwait(false);
        foreach (ServerSession session in _sessions.Values)
        {
            Remove(session, ended: true);
        }
    }

    private static ApiException Unknown() => ApiException.NotFound("unknown-session", "There is no such session; it may have ended.");

    private SessionTemplate TemplateOf(ApiKey key, string name)
    {
        SessionTemplate? template = _options.Templates.TryGetValue(name, out SessionTemplate? found) ? found
            : name == GloveboxServerOptions.DefaultTemplate ? _options.Default
            : null;
        return template is not null && key.Limits.Templates?.Contains(name) != false
            ? template
            : throw ApiException.NotFound(
                "unknown-template", $"There is no template '{WorkspacePath.Printable(name)}'.",
                $"There are: {string.Join(", ", TemplateNames(key))}. Templates are named in the server's configuration.");
    }

    private IEnumerable<string> TemplateNames(ApiKey key) => _options.Templates.Keys
        .Prepend(GloveboxServerOptions.DefaultTemplate)
        .Distinct()
        .Where(n => key.Limits.Templates?.Contains(n) != false);

    private TimeSpan Within(string what, TimeSpan? asked)
    {
        TimeSpan most = _options.MaxLifetime;
        if (asked is not { } time)
        {
            return most;
        }

        return time <= TimeSpan.Zero || (most != Timeout.InfiniteTimeSpan && time > most)
            ? throw ApiException.Invalid($"The {what} of a session must be more than zero and at most {most.TotalSeconds:0} seconds.")
            : time;
    }

    private void Add(ServerSession session)
    {
        lock (_lock)
        {
            if (_isDraining)
            {
                throw new ApiException(503, "server-ending", "The server is about to end and begins no session.", null)
                {
                    RetryAfter = _options.DrainTime,
                };
            }

            if (session.Key.Limits.MaxSessions is { } most && Of(session.Key).Count() >= most)
            {
                throw new ApiException(429, "too-many-sessions", $"This key may have {most} sessions at a time.", "End one of them.")
                {
                    RetryAfter = TimeSpan.FromSeconds(5),
                };
            }

            if (!_sessions.TryAdd(session.Id, session))
            {
                throw new ApiException(409, "session-exists", "There is a session of this name already.");
            }
        }
    }

    private void Remove(ServerSession session, bool ended)
    {
        if (!_sessions.TryRemove(KeyValuePair.Create(session.Id, session)))
        {
            return;
        }

        session.TellOfEnd();
        if (ended)
        {
            _store.End(session, session.EndReason ?? "its time was over");
        }
    }

    private ICodeExecutor Create(SessionTemplate template, Action<CommandLineCodeExecutorOptions>? configure) =>
        template.Create(_factory, configure, _services);

    private ICodeExecutor Audited(ServerSession session, ICodeExecutor executor) => executor.AsBuilder()
        .UseAudit(
            new SessionAuditSink(_audit, session),
            o =>
            {
                o.Who = () => session.Key.Name;
                o.IncludesCode = o.IncludesOutput = o.IncludesArguments = _options.AuditIncludesCode;
            },
            _loggers)
        .UseOpenTelemetry()
        .Build();

    /// <summary>The executor with its audit, made once for a session.</summary>
    private sealed record AuditedExecutor(ICodeExecutor Executor);
}
