using Glovebox;
using Glovebox.Middleware;
using Glovebox.Sessions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers pools of sessions.</summary>
/// <remarks>The container owns the pool and disposes it with its sessions, so the container has to be disposed asynchronously. The pool
/// gets the container's logger factory and clock. It starts nothing before it is asked for a session, or
/// <see cref="CodeSessionPool.FillAsync"/> is called.</remarks>
public static class CodeSessionPoolServiceCollectionExtensions
{
    /// <summary>Registers a <see cref="CodeSessionPool"/> as a singleton.</summary>
    /// <param name="services">The services.</param>
    /// <param name="executorFactory">Makes the executor of a session, with a work directory of its own; called on any thread. The pool
    /// starts and disposes it. The token is cancelled when the session is ended meanwhile.</param>
    /// <param name="configure">Changes the pool's options. Null: the defaults.</param>
    /// <returns>A builder that adds decorators to the executor of each session.</returns>
    public static CodeExecutorBuilder AddCodeSessionPool(
        this IServiceCollection services,
        Func<IServiceProvider, CancellationToken, ValueTask<ICodeExecutor>> executorFactory,
        Action<CodeSessionPoolOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        CodeExecutorBuilder decorators = Decorators();
        Func<IServiceProvider, CodeSessionPool> make = Factory(executorFactory, configure, decorators);
        services.AddSingleton(make);
        return decorators;
    }

    /// <summary>Registers a <see cref="CodeSessionPool"/> as a singleton, under a key.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">The key.</param>
    /// <param name="executorFactory">Makes the executor of a session, with a work directory of its own; called on any thread. The pool
    /// starts and disposes it. The token is cancelled when the session is ended meanwhile.</param>
    /// <param name="configure">Changes the pool's options. Null: the defaults.</param>
    /// <returns>A builder that adds decorators to the executor of each session.</returns>
    public static CodeExecutorBuilder AddKeyedCodeSessionPool(
        this IServiceCollection services,
        object? serviceKey,
        Func<IServiceProvider, CancellationToken, ValueTask<ICodeExecutor>> executorFactory,
        Action<CodeSessionPoolOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        CodeExecutorBuilder decorators = Decorators();
        Func<IServiceProvider, CodeSessionPool> make = Factory(executorFactory, configure, decorators);
        services.AddKeyedSingleton(serviceKey, (provider, _) => make(provider));
        return decorators;
    }

    /// <summary>The pool makes the executors; the builder only decorates them.</summary>
    private static CodeExecutorBuilder Decorators() =>
        new(_ => throw new NotSupportedException("The executors of a pool are made by the pool. Ask for the CodeSessionPool."));

    private static Func<IServiceProvider, CodeSessionPool> Factory(
        Func<IServiceProvider, CancellationToken, ValueTask<ICodeExecutor>> executorFactory,
        Action<CodeSessionPoolOptions>? configure,
        CodeExecutorBuilder decorators)
    {
        ArgumentNullException.ThrowIfNull(executorFactory);
        return provider =>
        {
            CodeSessionPoolOptions options = new();
            configure?.Invoke(options);
            return CodeSessionPool.Create(
                async cancellationToken =>
                    decorators.Decorate(await executorFactory(provider, cancellationToken).ConfigureAwait(false), provider),
                options,
                (ILoggerFactory?)provider.GetService(typeof(ILoggerFactory)),
                (TimeProvider?)provider.GetService(typeof(TimeProvider)));
        };
    }
}
