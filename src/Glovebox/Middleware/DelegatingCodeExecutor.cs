namespace Glovebox.Middleware;

/// <summary>A decorator of an executor: passes every call on. Derive from it and override what the decorator changes.</summary>
/// <remarks>Disposing it disposes the executor that it wraps, once.</remarks>
public abstract class DelegatingCodeExecutor : ICodeExecutor
{
    private int _disposed;

    /// <summary>Wraps an executor.</summary>
    /// <param name="innerExecutor">From now on owned by this one.</param>
    protected DelegatingCodeExecutor(ICodeExecutor innerExecutor)
    {
        ArgumentNullException.ThrowIfNull(innerExecutor);
        InnerExecutor = innerExecutor;
    }

    /// <inheritdoc/>
    public virtual IWorkspace Workspace => InnerExecutor.Workspace;

    /// <summary>Gets the executor that this one wraps.</summary>
    protected ICodeExecutor InnerExecutor { get; }

    /// <summary>Gets the executor within all decorators of an executor.</summary>
    internal static ICodeExecutor Innermost(ICodeExecutor executor)
    {
        while (executor is DelegatingCodeExecutor decorator)
        {
            executor = decorator.InnerExecutor;
        }

        return executor;
    }

    private protected bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <inheritdoc/>
    public virtual Task StartAsync(CancellationToken cancellationToken = default) => InnerExecutor.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual Task StopAsync(CancellationToken cancellationToken = default) => InnerExecutor.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual Task RestartAsync(CancellationToken cancellationToken = default) => InnerExecutor.RestartAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks, CodeExecutionOptions? options = null, CancellationToken cancellationToken = default) =>
        InnerExecutor.ExecuteCodeBlocksStreamingAsync(codeBlocks, options, cancellationToken);

    /// <inheritdoc/>
    public virtual object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType.IsInstanceOfType(this) ? this : InnerExecutor.GetService(serviceType, serviceKey);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await DisposeAsyncCore().ConfigureAwait(false);
            GC.SuppressFinalize(this);
        }
    }

    /// <summary>Disposes what this decorator and the executor within hold. Called once, however often the decorator is disposed.</summary>
    protected virtual ValueTask DisposeAsyncCore() => InnerExecutor.DisposeAsync();
}
