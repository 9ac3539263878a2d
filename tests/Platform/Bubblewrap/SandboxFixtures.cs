using Glovebox.Sandboxes.Bubblewrap;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>Started executors that the tests of a class share: the sandbox as it is, and the canaries in which an attack
/// succeeds.</summary>
public abstract class SandboxFixture : IAsyncLifetime
{
    private readonly Dictionary<string, Task<Session>> _sessions = [];

    /// <summary>The sandbox as it is.</summary>
    public Task<Session> GuardedAsync() => SessionAsync("guarded", ExecutorKind.Bubblewrap);

    /// <summary>Whether another process of the same user may be traced at all here: the Yama module of some systems forbids it.</summary>
    public static bool AllowsTracing { get; } =
        !File.Exists("/proc/sys/kernel/yama/ptrace_scope") || File.ReadAllText("/proc/sys/kernel/yama/ptrace_scope").Trim() == "0";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (Task<Session> session in _sessions.Values)
        {
            await (await session).DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Starts an executor when it is first asked for.</summary>
    protected Task<Session> SessionAsync(string name, ExecutorKind kind)
    {
        if (!_sessions.TryGetValue(name, out Task<Session>? session))
        {
            session = Session.StartAsync(kind, new() { TimeProvider = new RealClock() });
            _sessions[name] = session;
        }

        return session;
    }
}

/// <summary>Beside it, one without the filter of system calls, one whose agent hides nothing either, one whose agent is no first
/// process.</summary>
public sealed class UndefendedFixture : SandboxFixture
{
    public Task<Session> WithoutFilterAsync() =>
        SessionAsync("without filter", ExecutorKind.BubblewrapWith(new BubblewrapInternals { UsesSeccomp = false }));

    public Task<Session> WithVisibleAgentAsync() =>
        SessionAsync("visible agent", ExecutorKind.BubblewrapWith(new BubblewrapInternals { UsesSeccomp = false, HidesAgent = false }));

    public Task<Session> WithMortalAgentAsync() =>
        SessionAsync("mortal agent", ExecutorKind.BubblewrapWith(new BubblewrapInternals { UsesSeccomp = false, IsFirstProcess = false }));
}

/// <summary>Beside it, the host itself, and a sandbox on the host's network.</summary>
public sealed class HostFixture : SandboxFixture
{
    public Task<Session> HostAsync() => SessionAsync("host", ExecutorKind.Local);

    public Task<Session> WithNetworkAsync() =>
        SessionAsync("network", ExecutorKind.BubblewrapWith(policy: new() { Network = NetworkAccess.Full }));
}
