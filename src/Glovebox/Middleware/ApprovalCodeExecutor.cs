using System.Runtime.CompilerServices;

namespace Glovebox.Middleware;

/// <summary>Asks before each block, and gives the executor within one approved block at a time.</summary>
/// <remarks>
/// The executor within never sees a block that is not approved, so the approval holds whatever that executor does with its list. What is
/// asked for is what it gets: the block under its language's canonical name, which means the same language again. What the
/// contract says of a whole execution, its turn and its end by a stop, is kept here, because within each block is an execution of its own.
/// </remarks>
internal sealed class ApprovalCodeExecutor(
    ICodeExecutor innerExecutor,
    Func<ApprovalContext, CancellationToken, ValueTask<ApprovalDecision>> approve) : DelegatingCodeExecutor(innerExecutor)
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
        IReadOnlyList<CodeBlock> codeBlocks, CodeExecutionOptions? options = null, CancellationToken cancellationToken = default)
    {
        CodeBlock[] blocks = CodeBlockList.Copy(codeBlocks);
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        InnerExecutor.GetService<IExecutorState>()?.ThrowIfStopped();
        return ExecuteAsync(blocks, options?.Copy() ?? CodeExecutionOptions.Default, Volatile.Read(ref _ending).Token, cancellationToken);
    }

    protected override async ValueTask DisposeAsyncCore()
    {
        await EndRunsAsync().ConfigureAwait(false);
        await base.DisposeAsyncCore().ConfigureAwait(false);
    }

    private async IAsyncEnumerable<CodeExecutionUpdate> ExecuteAsync(
        CodeBlock[] blocks,
        CodeExecutionOptions options,
        CancellationToken ending,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ending);
        await WaitForTurnAsync(either.Token, ending, cancellationToken).ConfigureAwait(false);
        try
        {
            LanguageRegistry languages = LanguageRegistry.Of(InnerExecutor);
            CodeBlock[] named = [.. blocks.Select(b => languages.Canonical(b) ?? b)];
            for (int i = 0; i < blocks.Length; i++)
            {
                BlockResult? refused = await RefuseAsync(
                    blocks[i], named, i, options, either.Token, ending, cancellationToken).ConfigureAwait(false);
                if (refused is not null)
                {
                    yield return new BlockStartedUpdate(i, named[i]);
                    yield return new OutputReceivedUpdate(i, OutputStream.StandardError, refused.Output);
                    yield return new BlockCompletedUpdate(i, refused);
                    yield break;
                }

                bool failed = false;
                await foreach (CodeExecutionUpdate update in Run(named[i], options, ending, cancellationToken).ConfigureAwait(false))
                {
                    failed |= update is BlockCompletedUpdate { Result.ExitCode: not 0 };
                    yield return i == 0 ? update : update.At(i);
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

    /// <summary>Asks for a block, and gives the result of one that must not run.</summary>
    private async Task<BlockResult?> RefuseAsync(
        CodeBlock given,
        CodeBlock[] named,
        int index,
        CodeExecutionOptions options,
        CancellationToken either,
        CancellationToken ending,
        CancellationToken cancellationToken)
    {
        // Which languages there are, an executor may know only while it runs.
        LanguageRegistry languages = LanguageRegistry.Of(InnerExecutor);
        if (languages.IsSkipped(given.Language))
        {
            return null;
        }

        if (languages.Find(given.Language) is null)
        {
            return Refused(
                named[index] = given, TerminationReason.NotStarted, $"unknown language {WorkspacePath.Printable(given.Language)}\n");
        }

        named[index] = languages.Canonical(given)!;
        IReadOnlyList<string> programs = [.. languages.Find(named[index].Language)!.Programs];
        ApprovalContext context = new([.. named], index, given.Language, programs) { Options = options };
        ApprovalDecision decision = await AskAsync(context, either, ending, cancellationToken).ConfigureAwait(false);
        return decision.IsApproved ? null
            : Refused(named[index], TerminationReason.Denied, $"Code execution was not approved. Reason: {decision.Reason}\n");
    }

    private IAsyncEnumerable<CodeExecutionUpdate> Run(
        CodeBlock block, CodeExecutionOptions options, CancellationToken ending, CancellationToken cancellationToken)
    {
        IAsyncEnumerable<CodeExecutionUpdate> updates;
        try
        {
            updates = InnerExecutor.ExecuteCodeBlocksStreamingAsync([block], options, cancellationToken);
        }
        catch (InvalidOperationException) when (ending.IsCancellationRequested)
        {
            throw new ExecutorStoppedException();
        }

        // The executor within may have been started again since; this run ended with the stop.
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

    private static BlockResult Refused(CodeBlock block, TerminationReason reason, string output) => new()
    {
        Block = block,
        Language = block.Language,
        ExitCode = 1,
        Output = output,
        StandardError = output,
        Termination = reason,
    };

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
