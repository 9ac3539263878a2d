using System.Collections.Concurrent;

namespace Glovebox.Tests.Common;

/// <summary>Started sandboxes that tests leave clean, for the next test that asks for the same. A test project that shares names it as its
/// assembly fixture; elsewhere every test has a sandbox of its own.</summary>
public sealed class SharedSandboxes : IAsyncDisposable
{
    private static SharedSandboxes? _current;

    private readonly ConcurrentDictionary<Key, ConcurrentBag<Session>> _idle = new();

    public SharedSandboxes() => _current = this;

    internal static Session? TryTake(Key key) => _current is { } shared && shared._idle.TryGetValue(key, out ConcurrentBag<Session>? sessions) && sessions.TryTake(out Session? session) ? session : null;

    /// <summary>False: nothing is shared here, and the session is still the caller's.</summary>
    internal static bool TryKeep(Key key, Session session)
    {
        if (_current is not { } shared)
        {
            return false;
        }

        shared._idle.GetOrAdd(key, _ => []).Add(session);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        _current = null;
        await Task.WhenAll(_idle.Values.SelectMany(sessions => sessions).Select(session => session.EndAsync().AsTask()));
    }

    /// <summary>What makes two sandboxes alike.</summary>
    internal sealed record Key(ExecutorKind Kind, TimeSpan Timeout, long MaxOutput);
}
