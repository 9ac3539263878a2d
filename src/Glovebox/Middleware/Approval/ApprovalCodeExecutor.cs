using System.Runtime.CompilerServices;

namespace Glovebox;

/// <summary>Asks before each block, and gives the executor within one approved block at a time.</summary>
/// <remarks>
/// The executor within never sees a block that is not approved, so the approval holds whatever that executor does with its list. What the
/// contract says of a whole execution, its turn and its end by a stop, is kept here, because within each block is an execution of its own.
/// </remarks>
internal sealed class ApprovalCodeExecutor(
    ICodeExecutor innerExecutor, Func<ApprovalContext, CancellationToken, ValueTask<ApprovalDecision>> approve) : DelegatingCodeExecutor(innerExecutor)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private CancellationTokenSource _ending = new();

    public override async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await EndRunsAsync().ConfigureAwait(false);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await EndRunsAsync().ConfigureAwait(false);
        await base.RestartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks, CancellationToken cancellationToken = default)
    {
        CodeBlock[] blocks = CodeBlockList.Copy(codeBlocks);
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        InnerExecutor.GetService<IStartedCheck>()?.ThrowIfNotStarted();
        return ExecuteAsync(blocks, Volatile.Read(ref _ending).Token, cancellationToken);
    }

    protected override async ValueTask DisposeAsyncCore()
    {
        await EndRunsAsync().ConfigureAwait(false);
        await base.DisposeAsyncCore().ConfigureAwait(false);
    }

    private async IAsyncEnumerable<CodeExecutionUpdate> ExecuteAsync(
        CodeBlock[] blocks, CancellationToken ending, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ending);
        await WaitForTurnAsync(either.Token, ending, cancellationToken).ConfigureAwait(false);
        try
        {
            for (int i = 0; i < blocks.Length; i++)
            {
                ApprovalDecision decision =
                    await AskAsync(new ApprovalContext(blocks.AsReadOnly(), i), either.Token, ending, cancellationToken).ConfigureAwait(false);
                if (!decision.IsApproved)
                {
                    BlockResult denied = Denied(blocks[i], decision);
                    yield return new BlockStartedUpdate(i, blocks[i]);
                    yield return new OutputReceivedUpdate(i, OutputStream.StandardError, denied.Output);
                    yield return new BlockCompletedUpdate(i, denied);
                    yield break;
                }

                bool failed = false;
                await foreach (CodeExecutionUpdate update in Run(blocks[i], ending, cancellationToken).ConfigureAwait(false))
                {
                    failed |= update is BlockCompletedUpdate { Result.ExitCode: not 0 };
                    yield return i == 0 ? update : update with { BlockIndex = i };
                }

                if (failed)
                {
                    yield break;
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private IAsyncEnumerable<CodeExecutionUpdate> Run(CodeBlock block, CancellationToken ending, CancellationToken cancellationToken)
    {
        IAsyncEnumerable<CodeExecutionUpdate> updates;
        try
        {
            updates = InnerExecutor.ExecuteCodeBlocksStreamingAsync([block], cancellationToken);
        }
        catch (InvalidOperationException) when (ending.IsCancellationRequested)
        {
            throw new ExecutorStoppedException();
        }

        // The executor within may have been started anew since; this run ended with the stop.
        return ending.IsCancellationRequested ? throw new ExecutorStoppedException() : updates;
    }

    private async Task WaitForTurnAsync(CancellationToken either, CancellationToken ending, CancellationToken cancellationToken)
    {
        try
        {
            await _turn.WaitAsync(either).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            ThrowIfEnded(ending, cancellationToken);
            throw;
        }
    }

    private async Task<ApprovalDecision> AskAsync(
        ApprovalContext context, CancellationToken either, CancellationToken ending, CancellationToken cancellationToken)
    {
        try
        {
            // A prompt that heeds no token (a read from a terminal does not) must not hold up a cancellation or a stop.
            return await approve(context, either).AsTask().WaitAsync(either).ConfigureAwait(false)
                ?? throw new InvalidOperationException("The approval gave null instead of a decision.");
        }
        catch (Exception e) when (e is OperationCanceledException || either.IsCancellationRequested)
        {
            ThrowIfEnded(ending, cancellationToken);
            return ApprovalDecision.Deny("The approval was cancelled.");
        }
    }

    private BlockResult Denied(CodeBlock block, ApprovalDecision decision)
    {
        string output = $"Code execution was not approved. Reason: {decision.Reason}\n";
        return new BlockResult
        {
            Block = block,
            Language = InnerExecutor.GetService<LanguageRegistry>()?.Find(block.Language)?.Name ?? block.Language,
            ExitCode = 1,
            Output = output,
            StandardError = output,
            Termination = TerminationReason.Denied,
        };
    }

    private Task EndRunsAsync() => Interlocked.Exchange(ref _ending, new CancellationTokenSource()).CancelAsync();

    private static void ThrowIfEnded(CancellationToken ending, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (ending.IsCancellationRequested)
        {
            throw new ExecutorStoppedException();
        }
    }
}
