using Glovebox.Hosting;

namespace Glovebox.Middleware;

/// <summary>Wraps an executor in decorators. The one that was added first is the outermost: it sees a call first and an update
/// last.</summary>
public sealed class CodeExecutorBuilder
{
    private readonly Func<IServiceProvider, ICodeExecutor> _inner;
    private readonly List<Func<ICodeExecutor, IServiceProvider, ICodeExecutor>> _decorators = [];

    /// <summary>Begins with an executor.</summary>
    /// <param name="innerExecutor">What the decorators wrap, and own once built.</param>
    public CodeExecutorBuilder(ICodeExecutor innerExecutor)
    {
        ArgumentNullException.ThrowIfNull(innerExecutor);
        _inner = _ => innerExecutor;
    }

    /// <summary>Begins with an executor that each <see cref="Build"/> makes.</summary>
    /// <param name="innerExecutorFactory">Makes what the decorators wrap.</param>
    public CodeExecutorBuilder(Func<IServiceProvider, ICodeExecutor> innerExecutorFactory)
    {
        ArgumentNullException.ThrowIfNull(innerExecutorFactory);
        _inner = innerExecutorFactory;
    }

    /// <summary>Adds a decorator.</summary>
    /// <param name="decorator">Gets the executor within and gives the one around it.</param>
    /// <returns>This builder.</returns>
    public CodeExecutorBuilder Use(Func<ICodeExecutor, ICodeExecutor> decorator)
    {
        ArgumentNullException.ThrowIfNull(decorator);
        return Use((inner, _) => decorator(inner));
    }

    /// <summary>Adds a decorator that needs services.</summary>
    /// <param name="decorator">Gets the executor within and the services, and gives the executor around it.</param>
    /// <returns>This builder.</returns>
    public CodeExecutorBuilder Use(Func<ICodeExecutor, IServiceProvider, ICodeExecutor> decorator)
    {
        ArgumentNullException.ThrowIfNull(decorator);
        _decorators.Add(decorator);
        return this;
    }

    /// <summary>Makes the executor. Disposing it disposes everything within.</summary>
    /// <param name="services">For decorators that need some. Null: none.</param>
    /// <exception cref="InvalidOperationException">A factory gave null.</exception>
    public ICodeExecutor Build(IServiceProvider? services = null)
    {
        services ??= NoServices.Instance;
        return Decorate(_inner(services), services);
    }

    /// <summary>Wraps an executor in the decorators that were added.</summary>
    internal ICodeExecutor Decorate(ICodeExecutor inner, IServiceProvider services)
    {
        ICodeExecutor executor = NotNull(inner);
        for (int i = _decorators.Count - 1; i >= 0; i--)
        {
            executor = NotNull(_decorators[i](executor, services));
        }

        return executor;
    }

    private static ICodeExecutor NotNull(ICodeExecutor? executor) =>
        executor ?? throw new InvalidOperationException(
            "A factory that was given to CodeExecutorBuilder gave null instead of an executor.");
}

/// <summary>How a builder begins.</summary>
public static class CodeExecutorBuilderExtensions
{
    /// <summary>Begins to wrap an executor in decorators.</summary>
    /// <param name="executor">What the decorators wrap, and own once built.</param>
    public static CodeExecutorBuilder AsBuilder(this ICodeExecutor executor) => new(executor);
}
