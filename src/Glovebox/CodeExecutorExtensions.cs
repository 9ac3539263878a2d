namespace Glovebox;

/// <summary>What callers of an <see cref="ICodeExecutor"/> mostly use.</summary>
public static class CodeExecutorExtensions
{
    /// <summary>Runs code blocks in order until one fails.</summary>
    /// <param name="executor">An executor.</param>
    /// <param name="codeBlocks">At least one block.</param>
    /// <param name="options">Options of this execution. Null: those of the executor alone.</param>
    /// <param name="cancellationToken">Kills the running block and everything it started, then throws.</param>
    /// <exception cref="ArgumentException">No block was given, or a block is null.</exception>
    /// <exception cref="InvalidOperationException">The executor is stopped.</exception>
    /// <exception cref="CodeExecutionException">The sandbox failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the code is dead by then.</exception>
    public static Task<CodeResult> ExecuteCodeBlocksAsync(
        this ICodeExecutor executor,
        IEnumerable<CodeBlock> codeBlocks,
        CodeExecutionOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(executor);
        ArgumentNullException.ThrowIfNull(codeBlocks);
        IReadOnlyList<CodeBlock> list = codeBlocks as IReadOnlyList<CodeBlock> ?? [.. codeBlocks];
        return FoldAsync(executor.ExecuteCodeBlocksStreamingAsync(list, options, cancellationToken), cancellationToken);
    }

    /// <inheritdoc cref="ExecuteCodeBlocksAsync(ICodeExecutor, IEnumerable{CodeBlock}, CodeExecutionOptions?, CancellationToken)"/>
    public static Task<CodeResult> ExecuteCodeBlocksAsync(
        this ICodeExecutor executor, IEnumerable<CodeBlock> codeBlocks, CancellationToken cancellationToken) =>
        executor.ExecuteCodeBlocksAsync(codeBlocks, options: null, cancellationToken);

    /// <summary>Runs code blocks in order until one fails, and reports what happens as it happens.</summary>
    /// <param name="executor">An executor.</param>
    /// <param name="codeBlocks">At least one block.</param>
    /// <param name="cancellationToken">Kills the running block and everything it started, then throws.</param>
    /// <returns>What <see cref="ICodeExecutor.ExecuteCodeBlocksStreamingAsync"/> returns.</returns>
    /// <exception cref="ArgumentException">No block was given, or a block is null.</exception>
    /// <exception cref="InvalidOperationException">The executor is stopped.</exception>
    /// <exception cref="CodeExecutionException">The sandbox failed.</exception>
    public static IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        this ICodeExecutor executor, IReadOnlyList<CodeBlock> codeBlocks, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(executor);
        return executor.ExecuteCodeBlocksStreamingAsync(codeBlocks, options: null, cancellationToken);
    }

    /// <summary>Gets a service of an executor by its type.</summary>
    /// <typeparam name="TService">The type asked for.</typeparam>
    /// <param name="executor">The executor.</param>
    /// <param name="serviceKey">A key, or null.</param>
    /// <returns>The service, or null when there is none.</returns>
    public static TService? GetService<TService>(this ICodeExecutor executor, object? serviceKey = null)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(executor);
        return executor.GetService(typeof(TService), serviceKey) as TService;
    }

    private static async Task<CodeResult> FoldAsync(IAsyncEnumerable<CodeExecutionUpdate> updates, CancellationToken cancellationToken)
    {
        List<BlockResult> blocks = [];
        await foreach (CodeExecutionUpdate update in updates.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (update is BlockCompletedUpdate completed)
            {
                blocks.Add(completed.Result);
            }
        }

        return new CodeResult(blocks);
    }
}
