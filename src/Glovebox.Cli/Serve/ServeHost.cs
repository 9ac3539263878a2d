using Glovebox.Cli.Executors;
using Glovebox.Cli.Output;
using Glovebox.Server;
using Glovebox.Server.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Glovebox.Cli.Serve;

/// <summary>One <c>glovebox serve</c>, from the choice of the executor to the end of the last sandbox.</summary>
internal static class ServeHost
{
    private const string DefaultListen = "http://127.0.0.1:8080";
    private const string Templates = "Templates";

    public static async Task<int> RunAsync(ServeRequest request, CancellationToken cancellationToken)
    {
        ExecutorChoice choice = new(request.Run, ExecutorKinds.All);
        IConfiguration? config = request.Config is { } file ? Read(file) : null;
        Say("Trying a sandbox...");
        string kind = await TryAsync(choice, cancellationToken).ConfigureAwait(false);
        WebApplication app = Build(request, kind, config);
        await using (app.ConfigureAwait(false))
        {
            try
            {
                await app.StartAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (IOException e) when (!cancellationToken.IsCancellationRequested)
            {
                throw CliException.CouldNotRun("listen-failed", e.Message, "Name another address with --listen.");
            }

            GloveboxServerOptions options = app.Services.GetRequiredService<GloveboxServerOptions>();
            Say($"Listening on {string.Join(", ", app.Urls)}; sandboxes are of the kind {kind}.");
            if (app.Services.GetRequiredService<KeyStore>().List().Count == 0)
            {
                string data = request.Data is null ? "" : $" --data {request.Data}";
                Say($"There is no key yet. Make one with: glovebox keys add NAME{data}");
            }

            using CancellationTokenRegistration signal = cancellationToken.Register(
                () =>
                {
                    Say($"Ending: what runs has {options.DrainTime.TotalSeconds:0.#} seconds. Another signal ends it at once.");
                    app.Lifetime.StopApplication();
                });
            await app.WaitForShutdownAsync(CancellationToken.None).ConfigureAwait(false);
        }

        // Who is told to end by a signal has done what it was asked for.
        return 0;
    }

    private static WebApplication Build(ServeRequest request, string kind, IConfiguration? config)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        LogLevel least = request.Quiet ? LogLevel.Warning : LogLevel.Information;
        builder.Logging.AddProvider(new StandardErrorLog(least))
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Glovebox", least);
        if (config is not null)
        {
            builder.Configuration.AddConfiguration(config);
        }

        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        if (request.Listen is not null || config?.GetSection("Kestrel:Endpoints").Exists() != true)
        {
            builder.WebHost.UseUrls([.. request.Listen?.Select(ListenAddress.Url) ?? [DefaultListen]]);
        }

        ServeTelemetry.AddTo(builder.Services);

        // The tool itself waits for signals.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddCodeExecutorKinds([.. ExecutorKinds.All]);
        builder.Services.AddGlovebox(options => Configure(options, request, kind, config));
        WebApplication app = builder.Build();
        app.UseWebSockets();
        app.MapGlovebox();
        return app;
    }

    private static void Configure(GloveboxServerOptions options, ServeRequest request, string kind, IConfiguration? config)
    {
        options.DataDirectory = request.Data ?? options.DataDirectory;
        options.Default = new(kind, executor => ExecutorKinds.Configure(executor, request.Run));
        options.MaxSessions = request.MaxSessions;
        options.StartedAhead = request.Pool;
        options.IdleTimeout = request.IdleTimeout ?? options.IdleTimeout;
        options.MaxLifetime = request.MaxLifetime ?? options.MaxLifetime;
        options.DrainTime = request.Drain ?? options.DrainTime;
        options.AuditIncludesCode = request.AuditIncludesCode;
        Add(options.AllowedHosts, request.AllowedHosts);
        Add(options.AllowedOrigins, request.AllowedOrigins);
        foreach (IConfigurationSection template in config?.GetSection(Templates).GetChildren() ?? [])
        {
            options.Templates.Add(template.Key, new SessionTemplate(template));
        }
    }

    private static void Add(IList<string> list, IEnumerable<string> values)
    {
        foreach (string value in values)
        {
            list.Add(value);
        }
    }

    private static IConfiguration Read(string file)
    {
        try
        {
            return new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(file), optional: false).Build();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw CliException.CouldNotRun("config-unreadable", $"{file} cannot be read: {e.InnerException?.Message ?? e.Message}", null);
        }
    }

    /// <summary>Starts one sandbox, so that one that cannot work is known now.</summary>
    private static async Task<string> TryAsync(ExecutorChoice choice, CancellationToken cancellationToken)
    {
        (ICodeExecutor tried, string kind) = await choice.StartAsync(made => made, cancellationToken).ConfigureAwait(false);
        await tried.DisposeAsync().ConfigureAwait(false);
        return kind;
    }

    private static void Say(string text) => StandardStream.Error.Write($"glovebox: {new TerminalText(passesColours: false).Clean(text)}\n");

    /// <summary>Leaves signals alone.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
