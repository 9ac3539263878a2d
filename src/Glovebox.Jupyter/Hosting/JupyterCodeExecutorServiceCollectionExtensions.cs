using Glovebox.Hosting;
using Glovebox.Jupyter;
using Glovebox.Jupyter.Hosting;
using Glovebox.Middleware;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers Jupyter executors.</summary>
/// <remarks>They get the logger factory and the time provider of the services. What else is said of them is said at
/// <see cref="CodeExecutorServiceCollectionExtensions"/>.</remarks>
public static class JupyterCodeExecutorServiceCollectionExtensions
{
    /// <summary>Adds the kind <c>jupyter</c> to the <see cref="CodeExecutorFactory"/> of the services.</summary>
    /// <param name="services">The services.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddJupyterCodeExecutorKind(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton<CodeExecutorKind>(JupyterConfiguration.Kind);
        return services.AddCodeExecutorFactory();
    }

    /// <summary>Registers a <see cref="JupyterCodeExecutor"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options when the executor is made. Null: the defaults.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddJupyterCodeExecutor(
        this IServiceCollection services,
        Action<JupyterCodeExecutorOptions>? configure = null,
        ServiceLifetime lifetime = ServiceLifetime.Singleton) =>
        services.AddCodeExecutor(JupyterConfiguration.Kind.Factory(configure), lifetime);

    /// <summary>Registers a <see cref="JupyterCodeExecutor"/> whose options are in configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The options by their names. Read when the executor is made; an unknown key or a wrong value is an
    /// <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddJupyterCodeExecutor(this IServiceCollection services, IConfiguration configuration) =>
        services.AddCodeExecutor(JupyterConfiguration.Kind.Factory(configuration));

    /// <summary>Registers a <see cref="JupyterCodeExecutor"/> under a key.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configure">Changes the options when the executor is made. Null: the defaults.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedJupyterCodeExecutor(
        this IServiceCollection services,
        object? serviceKey,
        Action<JupyterCodeExecutorOptions>? configure = null,
        ServiceLifetime lifetime = ServiceLifetime.Singleton) =>
        services.AddKeyedCodeExecutor(serviceKey, JupyterConfiguration.Kind.Factory(configure), lifetime);

    /// <summary>Registers, under a key, a <see cref="JupyterCodeExecutor"/> whose options are in configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configuration">The options by their names. Read when the executor is made; an unknown key or a wrong value is an
    /// <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedJupyterCodeExecutor(
        this IServiceCollection services, object? serviceKey, IConfiguration configuration) =>
        services.AddKeyedCodeExecutor(serviceKey, JupyterConfiguration.Kind.Factory(configuration));
}

/// <summary>Adds the kind <c>jupyter</c> to a factory.</summary>
public static class JupyterCodeExecutorFactoryExtensions
{
    /// <summary>Registers the kind <c>jupyter</c>.</summary>
    /// <param name="factory">The factory.</param>
    /// <returns>The factory.</returns>
    public static CodeExecutorFactory AddJupyter(this CodeExecutorFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return factory.Register(JupyterConfiguration.Kind);
    }
}
