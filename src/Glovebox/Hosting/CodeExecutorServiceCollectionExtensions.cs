using Glovebox;
using Glovebox.Hosting;
using Glovebox.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers code executors.</summary>
/// <remarks>Each method gives a builder, to which decorators are added: <c>services.AddBubblewrapCodeExecutor().UseLogging()</c>. The
/// container owns the executor, and so has to be disposed asynchronously. It does not start it: call
/// <see cref="ICodeExecutor.StartAsync"/>, which does nothing when the executor is started already.</remarks>
public static class CodeExecutorServiceCollectionExtensions
{
    /// <summary>Registers an executor as the <see cref="ICodeExecutor"/> of the services.</summary>
    /// <param name="services">The services.</param>
    /// <param name="innerExecutor">From its first use owned by the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddCodeExecutor(this IServiceCollection services, ICodeExecutor innerExecutor)
    {
        ArgumentNullException.ThrowIfNull(innerExecutor);
        return services.AddCodeExecutor(_ => innerExecutor);
    }

    /// <summary>Registers an executor that is made when it is asked for.</summary>
    /// <param name="services">The services.</param>
    /// <param name="innerExecutorFactory">Makes it.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddCodeExecutor(
        this IServiceCollection services,
        Func<IServiceProvider, ICodeExecutor> innerExecutorFactory,
        ServiceLifetime lifetime = ServiceLifetime.Singleton)
    {
        ArgumentNullException.ThrowIfNull(services);
        CodeExecutorBuilder builder = new(innerExecutorFactory);
        services.Add(new ServiceDescriptor(typeof(ICodeExecutor), builder.Build, lifetime));
        return builder;
    }

    /// <summary>Registers an executor whose kind and options configuration names, see <see cref="CodeExecutorFactory"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">Read when the executor is made; what is wrong in it is an <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddCodeExecutor(this IServiceCollection services, IConfiguration configuration) =>
        services.AddCodeExecutorFactory().AddCodeExecutor(FromConfiguration(configuration));

    /// <summary>Registers an executor under a key.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="innerExecutor">From its first use owned by the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedCodeExecutor(
        this IServiceCollection services, object? serviceKey, ICodeExecutor innerExecutor)
    {
        ArgumentNullException.ThrowIfNull(innerExecutor);
        return services.AddKeyedCodeExecutor(serviceKey, _ => innerExecutor);
    }

    /// <summary>Registers, under a key, an executor that is made when it is asked for.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="innerExecutorFactory">Makes it.</param>
    /// <param name="lifetime">How long it lives. Default: as long as the container.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedCodeExecutor(
        this IServiceCollection services,
        object? serviceKey,
        Func<IServiceProvider, ICodeExecutor> innerExecutorFactory,
        ServiceLifetime lifetime = ServiceLifetime.Singleton)
    {
        ArgumentNullException.ThrowIfNull(services);
        CodeExecutorBuilder builder = new(innerExecutorFactory);
        services.Add(new ServiceDescriptor(typeof(ICodeExecutor), serviceKey, (provider, _) => builder.Build(provider), lifetime));
        return builder;
    }

    /// <summary>Registers, under a key, an executor whose kind and options configuration names, see
    /// <see cref="CodeExecutorFactory"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configuration">Read when the executor is made; what is wrong in it is an <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedCodeExecutor(
        this IServiceCollection services, object? serviceKey, IConfiguration configuration) =>
        services.AddCodeExecutorFactory().AddKeyedCodeExecutor(serviceKey, FromConfiguration(configuration));

    /// <summary>Registers the <see cref="CodeExecutorFactory"/>, with every <see cref="CodeExecutorKind"/> that is registered. Does nothing
    /// when it is there.</summary>
    /// <param name="services">The services.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddCodeExecutorFactory(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new CodeExecutorFactory(provider));
        return services;
    }

    private static Func<IServiceProvider, ICodeExecutor> FromConfiguration(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return provider => provider.GetRequiredService<CodeExecutorFactory>().Create(configuration);
    }
}
