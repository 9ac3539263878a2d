using Glovebox.Server.Functions;
using Glovebox.Server.Keys;
using Glovebox.Server.Requests;
using Glovebox.Sessions;

namespace Glovebox.Server.Sessions;

/// <summary>A session: an executor of the pool, and what the server knows of it.</summary>
#pragma warning disable CA1001 // The source is disposed when the session ends.
internal sealed class ServerSession
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _ended = new();

    public ServerSession(string id, ApiKey key, SessionRequest request, DateTimeOffset began)
    {
        (Id, Key, Request, Began) = (id, key, request, began);
        Ended = _ended.Token;
        if (Calls is { } calls)
        {
            calls.Session = this;
        }
    }

    /// <summary>Random, so that nobody guesses it.</summary>
    public string Id { get; }

    /// <summary>Whose it is.</summary>
    public ApiKey Key { get; }

    public SessionRequest Request { get; }

    public DateTimeOffset Began { get; }

    /// <summary>When it ends even if it is in use.</summary>
    public DateTimeOffset Ends { get; set; }

    public SessionJournal Journal { get; } = new();

    /// <summary>Calls of the client's functions; null when it has none.</summary>
    public PendingCalls? Calls => Request.Calls;

    /// <summary>Cancelled when it has ended.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Why it is ended, when somebody ends it.</summary>
    public string? EndReason { get; set; }

    /// <summary>What a surface keeps with the session, by its type.</summary>
    public SessionParts Parts { get; } = new();

    public void TellOfEnd()
    {
        Journal.End();
        Calls?.Dispose();
        _ended.Cancel();
        _ended.Dispose();
    }
}

/// <summary>The use of a session by a request. While there is one, the session does not idle out.</summary>
internal sealed class SessionUse(ServerSession session, CodeSessionLease lease, ICodeExecutor executor) : IAsyncDisposable
{
    public ServerSession Session => session;

    /// <summary>The executor, which keeps audit.</summary>
    public ICodeExecutor Executor => executor;

    public ISandbox Sandbox => Need<ISandbox>("a sandbox");

    public ISandboxFiles Files => Need<ISandboxFiles>("files");

    public InterpreterCodeExecutor Interpreters => Need<InterpreterCodeExecutor>("contexts");

    public ValueTask DisposeAsync() => lease.DisposeAsync();

    private T Need<T>(string what)
        where T : class => executor.GetService<T>()
        ?? throw new ApiException(501, "not-supported", $"Sessions of this template have no {what}.", "Name another template.");
}

/// <summary>Things of which a session has one each.</summary>
internal sealed class SessionParts
{
    private readonly Dictionary<Type, object> _parts = [];

    /// <summary>Gives the part of a type; makes it when it is first asked for.</summary>
    public T Get<T>(Func<T> make)
        where T : class
    {
        lock (_parts)
        {
            if (!_parts.TryGetValue(typeof(T), out object? part))
            {
                _parts.Add(typeof(T), part = make());
            }

            return (T)part;
        }
    }
}
