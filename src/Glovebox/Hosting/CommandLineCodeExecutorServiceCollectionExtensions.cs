using Glovebox;
using Glovebox.Middleware;
using Glovebox.Sandboxes.Bubblewrap;
using Glovebox.Sandboxes.Local;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the executors of this library by their kind.</summary>
/// <remarks>They get the logger factory and the time provider of the services. What else is said of them is said at
/// <see cref="CodeExecutorServiceCollectionExtensions"/>.</remarks>
public static class CommandLineCodeExecutorServiceCollectionExtensions
{
    /// <summary>Registers a <see cref="BubblewrapCommandLineCodeExecutor"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options when the executor is made. Null: the defaults.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddBubblewrapCodeExecutor(
        this IServiceCollection services,
        Action<BubblewrapCommandLineCodeExecutorOptions>? configure = null,
        ServiceLifetime lifetime = ServiceLifetime.Singleton) =>
        services.AddCodeExecutor(BubblewrapConfiguration.Kind.Factory(configure), lifetime);

    /// <summary>Registers a <see cref="BubblewrapCommandLineCodeExecutor"/> whose options are in configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The options by their names. Read when the executor is made; an unknown key or a wrong value is an
    /// <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddBubblewrapCodeExecutor(this IServiceCollection services, IConfiguration configuration) =>
        services.AddCodeExecutor(BubblewrapConfiguration.Kind.Factory(configuration));

    /// <summary>Registers a <see cref="BubblewrapCommandLineCodeExecutor"/> under a key.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configure">Changes the options when the executor is made. Null: the defaults.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedBubblewrapCodeExecutor(
        this IServiceCollection services,
        object? serviceKey,
        Action<BubblewrapCommandLineCodeExecutorOptions>? configure = null,
        ServiceLifetime lifetime = ServiceLifetime.Singleton) =>
        services.AddKeyedCodeExecutor(serviceKey, BubblewrapConfiguration.Kind.Factory(configure), lifetime);

    /// <summary>Registers, under a key, a <see cref="BubblewrapCommandLineCodeExecutor"/> whose options are in configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configuration">The options by their names. Read when the executor is made; an unknown key or a wrong value is an
    /// <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedBubblewrapCodeExecutor(
        this IServiceCollection services, object? serviceKey, IConfiguration configuration) =>
        services.AddKeyedCodeExecutor(serviceKey, BubblewrapConfiguration.Kind.Factory(configuration));

    /// <summary>Registers a <see cref="LocalCommandLineCodeExecutor"/>, which isolates nothing.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options when the executor is made. Null: the defaults.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddLocalCodeExecutor(
        this IServiceCollection services,
        Action<LocalCommandLineCodeExecutorOptions>? configure = null,
        ServiceLifetime lifetime = ServiceLifetime.Singleton) =>
        services.AddCodeExecutor(LocalConfiguration.Kind.Factory(configure), lifetime);

    /// <summary>Registers a <see cref="LocalCommandLineCodeExecutor"/>, which isolates nothing, whose options are in
    /// configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The options by their names. Read when the executor is made; an unknown key or a wrong value is an
    /// <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddLocalCodeExecutor(this IServiceCollection services, IConfiguration configuration) =>
        services.AddCodeExecutor(LocalConfiguration.Kind.Factory(configuration));

    /// <summary>Registers a <see cref="LocalCommandLineCodeExecutor"/>, which isolates nothing, under a key.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configure">Changes the options when the executor is made. Null: the defaults.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedLocalCodeExecutor(
        this IServiceCollection services,
        object? serviceKey,
        Action<LocalCommandLineCodeExecutorOptions>? configure = null,
        ServiceLifetime lifetime = ServiceLifetime.Singleton) =>
        services.AddKeyedCodeExecutor(serviceKey, LocalConfiguration.Kind.Factory(configure), lifetime);

    /// <summary>Registers, under a key, a <see cref="LocalCommandLineCodeExecutor"/>, which isolates nothing, whose options are in
    /// configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configuration">The options by their names. Read when the executor is made; an unknown key or a wrong value is an
    /// <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedLocalCodeExecutor(
        this IServiceCollection services, object? serviceKey, IConfiguration configuration) =>
        services.AddKeyedCodeExecutor(serviceKey, LocalConfiguration.Kind.Factory(configuration));
}
