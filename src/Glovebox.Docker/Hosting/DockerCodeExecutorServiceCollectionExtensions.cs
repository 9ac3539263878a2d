using Glovebox.Docker;
using Glovebox.Docker.Hosting;
using Glovebox.Hosting;
using Glovebox.Middleware;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers Docker executors.</summary>
/// <remarks>They get the logger factory and the time provider of the services. What else is said of them is said at
/// <see cref="CodeExecutorServiceCollectionExtensions"/>.</remarks>
public static class DockerCodeExecutorServiceCollectionExtensions
{
    /// <summary>Adds the kinds <c>docker</c> and <c>docker-jupyter</c> to the <see cref="CodeExecutorFactory"/> of the services.</summary>
    /// <param name="services">The services.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddDockerCodeExecutorKind(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton<CodeExecutorKind>(DockerConfiguration.Kind);
        services.AddSingleton<CodeExecutorKind>(DockerConfiguration.JupyterKind);
        return services.AddCodeExecutorFactory();
    }

    /// <summary>Registers a <see cref="DockerCommandLineCodeExecutor"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options when the executor is made. Null: the defaults.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddDockerCodeExecutor(
        this IServiceCollection services,
        Action<DockerCommandLineCodeExecutorOptions>? configure = null,
        ServiceLifetime lifetime = ServiceLifetime.Singleton) =>
        services.AddCodeExecutor(DockerConfiguration.Kind.Factory(configure), lifetime);

    /// <summary>Registers a <see cref="DockerCommandLineCodeExecutor"/> whose options are in configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The options by their names. Read when the executor is made; an unknown key or a wrong value is an
    /// <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddDockerCodeExecutor(this IServiceCollection services, IConfiguration configuration) =>
        services.AddCodeExecutor(DockerConfiguration.Kind.Factory(configuration));

    /// <summary>Registers a <see cref="DockerCommandLineCodeExecutor"/> under a key.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configure">Changes the options when the executor is made. Null: the defaults.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedDockerCodeExecutor(
        this IServiceCollection services,
        object? serviceKey,
        Action<DockerCommandLineCodeExecutorOptions>? configure = null,
        ServiceLifetime lifetime = ServiceLifetime.Singleton) =>
        services.AddKeyedCodeExecutor(serviceKey, DockerConfiguration.Kind.Factory(configure), lifetime);

    /// <summary>Registers, under a key, a <see cref="DockerCommandLineCodeExecutor"/> whose options are in configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configuration">The options by their names. Read when the executor is made; an unknown key or a wrong value is an
    /// <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedDockerCodeExecutor(
        this IServiceCollection services, object? serviceKey, IConfiguration configuration) =>
        services.AddKeyedCodeExecutor(serviceKey, DockerConfiguration.Kind.Factory(configuration));

    /// <summary>Registers a <see cref="DockerJupyterCodeExecutor"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the options when the executor is made. Null: the defaults.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddDockerJupyterCodeExecutor(
        this IServiceCollection services,
        Action<DockerJupyterCodeExecutorOptions>? configure = null,
        ServiceLifetime lifetime = ServiceLifetime.Singleton) =>
        services.AddCodeExecutor(DockerConfiguration.JupyterKind.Factory(configure), lifetime);

    /// <summary>Registers a <see cref="DockerJupyterCodeExecutor"/> whose options are in configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The options by their names. Read when the executor is made; an unknown key or a wrong value is an
    /// <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddDockerJupyterCodeExecutor(this IServiceCollection services, IConfiguration configuration) =>
        services.AddCodeExecutor(DockerConfiguration.JupyterKind.Factory(configuration));

    /// <summary>Registers a <see cref="DockerJupyterCodeExecutor"/> under a key.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configure">Changes the options when the executor is made. Null: the defaults.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedDockerJupyterCodeExecutor(
        this IServiceCollection services,
        object? serviceKey,
        Action<DockerJupyterCodeExecutorOptions>? configure = null,
        ServiceLifetime lifetime = ServiceLifetime.Singleton) =>
        services.AddKeyedCodeExecutor(serviceKey, DockerConfiguration.JupyterKind.Factory(configure), lifetime);

    /// <summary>Registers, under a key, a <see cref="DockerJupyterCodeExecutor"/> whose options are in configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configuration">The options by their names. Read when the executor is made; an unknown key or a wrong value is an
    /// <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedDockerJupyterCodeExecutor(
        this IServiceCollection services, object? serviceKey, IConfiguration configuration) =>
        services.AddKeyedCodeExecutor(serviceKey, DockerConfiguration.JupyterKind.Factory(configuration));
}

/// <summary>Adds the kinds <c>docker</c> and <c>docker-jupyter</c> to a factory.</summary>
public static class DockerCodeExecutorFactoryExtensions
{
    /// <summary>Registers the kinds <c>docker</c> and <c>docker-jupyter</c>.</summary>
    /// <param name="factory">The factory.</param>
    /// <returns>The factory.</returns>
    public static CodeExecutorFactory AddDocker(this CodeExecutorFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return factory.Register(DockerConfiguration.Kind).Register(DockerConfiguration.JupyterKind);
    }
}
