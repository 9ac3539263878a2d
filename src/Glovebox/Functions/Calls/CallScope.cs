using Glovebox.Execution;

namespace Glovebox.Functions.Calls;

/// <summary>The run of one code block, during which guest code may call. When it ends, what is on its way is cancelled.</summary>
internal sealed class CallScope : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending;
    private readonly Action<CallScope> _end;
    private readonly BlockRun _run;

    public CallScope(BlockRun run, Action<CallScope> end)
    {
        _run = run;
        _end = end;
        _ending = CancellationTokenSource.CreateLinkedTokenSource(run.Kill);
        Ending = _ending.Token;
    }

    public int BlockIndex => _run.Index;

    public CodeBlock Block => _run.Block;

    /// <summary>Whether the block's calls of functions that need approval were approved with its code.</summary>
    public bool IsApproved => _run.Options.ApprovesFunctionCalls;

    public CancellationToken Ending { get; }

    /// <summary>Functions run in the context of the execution's caller: its activity, its identity, its culture.</summary>
    public ExecutionContext? Context { get; } = ExecutionContext.Capture();

    /// <summary>Tells the caller of the execution. Waits while it has many such updates to read still.</summary>
    public Task ReportAsync(FunctionCalledUpdate update, CancellationToken cancellationToken) =>
        _run.Output.AddAsync(update, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _end(this);
        await _ending.CancelAsync().ConfigureAwait(false);
        _ending.Dispose();
    }
}
