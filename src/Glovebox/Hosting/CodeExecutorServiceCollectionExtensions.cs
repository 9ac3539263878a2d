using Glovebox;
using Glovebox.Hosting;
using Glovebox.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers code executors.</summary>
/// <remarks>
/// <para>An executor of a kind gets the container's logger factory and clock from its kind:
/// <c>services.AddCodeExecutor(s => BubblewrapCommandLineCodeExecutor.Kind.Create(o => o.WorkDir = "work", s)).UseLogging()</c>. What is
/// returned is a builder, which adds decorators.</para>
/// <para>The container owns the executor and disposes it with its decorators, so the container has to be disposed asynchronously. It does
/// not start the executor: the first block does, or <see cref="ICodeExecutor.StartAsync"/>, which does nothing when the executor is started
/// already.</para>
/// </remarks>
public static class CodeExecutorServiceCollectionExtensions
{
    /// <summary>Registers an executor that is made when it is asked for.</summary>
    /// <param name="services">The services.</param>
    /// <param name="innerExecutorFactory">Makes it. What it gives is the container's from then on.</param>
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

    /// <summary>Registers an executor whose kind and options are named by configuration, see <see cref="CodeExecutorFactory"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">Read when the executor is made; what is wrong in it is an <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddCodeExecutor(this IServiceCollection services, IConfiguration configuration) =>
        services.AddCodeExecutorKinds().AddCodeExecutor(FromConfiguration(configuration));

    /// <summary>Registers, under a key, an executor that is made when it is asked for.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="innerExecutorFactory">Makes it. What it gives is the container's from then on.</param>
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

    /// <summary>Registers, under a key, an executor whose kind and options are named by configuration, see
    /// <see cref="CodeExecutorFactory"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="configuration">Read when the executor is made; what is wrong in it is an <see cref="ArgumentException"/> then.</param>
    /// <returns>A builder that adds decorators.</returns>
    public static CodeExecutorBuilder AddKeyedCodeExecutor(
        this IServiceCollection services, object? serviceKey, IConfiguration configuration) =>
        services.AddCodeExecutorKinds().AddKeyedCodeExecutor(serviceKey, FromConfiguration(configuration));

    /// <summary>Registers the <see cref="CodeExecutorFactory"/>, and kinds for it beyond those of the core: <c>docker</c>, say.</summary>
    /// <param name="services">The services.</param>
    /// <param name="kinds">Their names must be new. A kind may be registered more than once.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddCodeExecutorKinds(this IServiceCollection services, params ReadOnlySpan<CodeExecutorKind> kinds)
    {
        ArgumentNullException.ThrowIfNull(services);
        foreach (CodeExecutorKind kind in kinds)
        {
            services.AddSingleton(kind);
        }

        services.TryAddSingleton(provider => new CodeExecutorFactory(provider));
        return services;
    }

    private static Func<IServiceProvider, ICodeExecutor> FromConfiguration(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return provider => provider.GetRequiredService<CodeExecutorFactory>().Create(configuration);
    }
}
