using Glovebox.Execution;
using Microsoft.Extensions.AI;

namespace Glovebox.Functions.Calls;

/// <summary>Serves the calls of guest code: knows the functions, the block that runs, and what is allowed at once.</summary>
internal sealed class HostFunctionServer(
    IReadOnlyDictionary<string, AIFunction> functions, HostFunctionLimits limits, HostFunctionInvoker invoker, TimeProvider timeProvider)
    : IDisposable
{
    /// <summary>How many connections a guest may have at once: as many as it may have threads, by default.</summary>
    public const int MaxConnections = 256;

    private readonly CallRate _rate = new(limits.MaxCallsPerSecond, timeProvider);
    private CallScope? _scope;
    private int _inFlight;

    public HostFunctionLimits Limits => limits;

    public HostFunctionInvoker Invoker => invoker;

    public TimeProvider TimeProvider => timeProvider;

    /// <summary>The block that runs, or null.</summary>
    public CallScope? Scope => Volatile.Read(ref _scope);

    /// <summary>Lets guest code call until the scope is disposed.</summary>
    public CallScope Begin(BlockRun run)
    {
        CallScope scope = new(run, ended => Interlocked.CompareExchange(ref _scope, null, ended));
        Volatile.Write(ref _scope, scope);
        return scope;
    }

    /// <summary>Serves a connection until it ends, and disposes it.</summary>
    public async Task ServeAsync(Stream connection)
    {
        using CallStream stream = new(connection);
        await new CallConnection(this, stream).ServeAsync().ConfigureAwait(false);
    }

    /// <summary>Serves the connections of a listener until that ends, so many at a time. One that the guest has closed counts until what
    /// serves it has noticed: a guest that opens and closes them faster than that, or reads no answers, has to wait.</summary>
    public async Task ServeAsync(ISandboxListener listener)
    {
        SemaphoreSlim places = new(MaxConnections);
        try
        {
            while (true)
            {
                await places.WaitAsync().ConfigureAwait(false);
                _ = ServeAsync(await listener.AcceptAsync().ConfigureAwait(false), places);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or SandboxLostException)
        {
            // No more connections come.
        }
    }

    public AIFunction? Find(string name) => functions.GetValueOrDefault(name);

    private async Task ServeAsync(Stream connection, SemaphoreSlim places)
    {
        // The first request may be there already; the next connection is not to wait for it.
        await Task.Yield();
        await ServeAsync(connection).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        places.Release();
    }

    /// <summary>Takes one of the places for calls that are on their way; <see cref="Leave"/> gives it back.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _inFlight) <= limits.MaxConcurrentCalls)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _inFlight);

    /// <summary>Takes one of the calls of this second.</summary>
    public bool TryBegin() => _rate.TryTake();

    public void Dispose() => invoker.Dispose();
}
