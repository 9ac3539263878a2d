namespace Glovebox.Tests.Server.Support;

/// <summary>One server for a class of tests; each test has a key of its own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync(o => o.MaxSessions = 100);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
