namespace Glovebox.Tests.Security.Harness;

/// <summary>Started sandboxes that the tests of a class share.</summary>
public sealed class SandboxesFixture : IAsyncLifetime
{
    private readonly Dictionary<(string, bool), IAttacked> _started = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (IAttacked sandbox in _started.Values)
        {
            await sandbox.DisposeAsync();
        }
    }

    /// <summary>Gives the sandbox of a set-up; the first call starts it.</summary>
    internal async Task<IAttacked> GetAsync(string setUp, bool hasFunctions = false)
    {
        if (!_started.TryGetValue((setUp, hasFunctions), out IAttacked? sandbox))
        {
            _started[(setUp, hasFunctions)] = sandbox = await SetUps.StartAsync(setUp, hasFunctions ? new() { MaxCalls = 8 } : null);
        }

        return sandbox;
    }
}
