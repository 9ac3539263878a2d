using Glovebox.Hosting;
using Glovebox.Server.Audit;
using Glovebox.Server.Data;
using Glovebox.Server.Hosting;
using Glovebox.Server.Keys;
using Glovebox.Server.Native;
using Glovebox.Server.Requests;
using Glovebox.Server.Sessions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Glovebox.Server;

/// <summary>Adds the server to an ASP.NET Core application.</summary>
public static class GloveboxServerExtensions
{
    /// <summary>How long sandboxes take to end at most, and then some.</summary>
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(30);

    /// <summary>Adds the services of the server. They start and end with the application, which waits for what runs when it
    /// stops.</summary>
    /// <param name="services">The application's services. Kinds of executors that were added with <c>AddCodeExecutorKinds</c> can be named
    /// in templates.</param>
    /// <param name="configure">Sets the options. Null: the defaults.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddGlovebox(this IServiceCollection services, Action<GloveboxServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        GloveboxServerOptions options = new();
        configure?.Invoke(options);
        services.TryAddSingleton(TimeProvider.System);

        // The host gives all services together five seconds to stop, unless it is told otherwise.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = Longer(host.ShutdownTimeout, options.DrainTime + EndTime));
        services.AddSingleton(options);
        services.AddSingleton(p => ServerDatabase.Open(p.GetRequiredService<GloveboxServerOptions>().DataDirectory));
        services.AddSingleton<KeyStore>();
        services.AddSingleton<KeyUse>();
        services.AddSingleton<AuditStore>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<RunningWork>();
        services.AddSingleton(p => new ServerSessions(
            p.GetRequiredService<GloveboxServerOptions>(),
            p.GetService<CodeExecutorFactory>() ?? new CodeExecutorFactory(p),
            p.GetRequiredService<SessionStore>(),
            p.GetRequiredService<AuditStore>(),
            p,
            p.GetRequiredService<ILoggerFactory>(),
            p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SessionExecution>();
        services.AddSingleton<GloveboxServer>();
        services.AddSingleton<IHostedService>(p => p.GetRequiredService<GloveboxServer>());
        services.AddSingleton<HostCheck>();
        services.AddSingleton<Authentication>();
        services.AddSingleton<Gate>();
        services.AddSingleton<HealthRoutes>();
        services.AddSingleton<SessionRoutes>();
        services.AddSingleton<ExecuteRoutes>();
        services.AddSingleton<CallRoutes>();
        services.AddSingleton<ContextRoutes>();
        services.AddSingleton<ProcessRoutes>();
        services.AddSingleton<FileRoutes>();
        services.AddSingleton<AuditRoutes>();
        services.AddSingleton<NativeApi>();
        return services;
    }

    /// <summary>Maps the server's routes. The application calls <c>UseWebSockets()</c> before, for processes.</summary>
    /// <param name="routes">The application's routes. A group puts them below a path.</param>
    /// <returns>The same routes.</returns>
    /// <exception cref="InvalidOperationException"><see cref="AddGlovebox"/> was not called.</exception>
    public static IEndpointRouteBuilder MapGlovebox(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        IServiceProvider services = routes.ServiceProvider;
        if (services.GetService<NativeApi>() is not { } native)
        {
            throw new InvalidOperationException("MapGlovebox needs the services of AddGlovebox.");
        }

        native.Map(routes);
        services.GetRequiredService<HealthRoutes>().Map(routes);
        return routes;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
