using System.Net.Http.Headers;
using Glovebox.Server.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Glovebox.Tests.Server.Support;

/// <summary>A server with its data in a folder of its own, on a port that is free.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly TestFolder? _data;
    private readonly WebApplication _app;

    private TestServer(TestFolder? data, WebApplication app) => (_data, _app) = (data, app);

    public Uri Address => new(_app.Urls.First());

    public IServiceProvider Services => _app.Services;

    public static async Task<TestServer> StartAsync(
        Action<GloveboxServerOptions>? configure = null, Action<IServiceCollection>? services = null, TestFolder? data = null)
    {
        TestFolder? own = data is null ? new() : null;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        services?.Invoke(builder.Services);
        builder.Services.AddGlovebox(options =>
        {
            options.DataDirectory = (data ?? own)!.Path;
            options.StartedAhead = 0;
            configure?.Invoke(options);
        });
        WebApplication app = builder.Build();
        app.UseWebSockets();
        app.MapGlovebox();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new TestServer(own, app);
    }

    /// <summary>Makes a key.</summary>
    public string AddKey(string name, KeyLimits? limits = null) => Keys.Add(name, limits ?? new());

    public KeyStore Keys => Services.GetRequiredService<KeyStore>();

    /// <summary>A client that has a key, a new one unless it is given.</summary>
    public HttpClient Client(string? key = null, HttpMessageHandler? handler = null)
    {
        HttpClient client = new(handler ?? new SocketsHttpHandler()) { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", key ?? AddKey($"test-{Guid.NewGuid():N}"));
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _data?.Dispose();
    }
}
