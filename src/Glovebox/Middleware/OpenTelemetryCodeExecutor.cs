namespace Glovebox.Middleware;

/// <summary>Traces and measures what an executor does, by <c>System.Diagnostics</c>: any OpenTelemetry SDK collects it.</summary>
/// <remarks>
/// <para><b>Activities.</b> <c>execute_code</c> for an execution, and in it <c>execute_code_block LANGUAGE</c> for each block, with
/// <c>glovebox.environment</c>, <c>glovebox.block.count</c>, <c>glovebox.block.index</c>, <c>glovebox.language</c>,
/// <c>glovebox.termination</c>, <c>process.exit.code</c> and, where it is not 0 or something failed, <c>error.type</c> and an error
/// status.</para>
/// <para><b>Metrics.</b> Histograms <c>glovebox.execution.duration</c> and <c>glovebox.block.duration</c> in seconds, counters
/// <c>glovebox.executions</c> and <c>glovebox.blocks</c>, and <c>glovebox.executions.active</c>.</para>
/// <para>A language that the executor does not know is <c>_OTHER</c>, because the model that wrote the code chooses its name. Code and
/// output are recorded only with <see cref="EnableSensitiveData"/>.</para>
/// </remarks>
public sealed class OpenTelemetryCodeExecutor : DelegatingCodeExecutor
{
    /// <summary>The name of the activity source and of the meter where none is given.</summary>
    public const string DefaultSourceName = "Glovebox";

    private readonly ExecutionInstruments _instruments;

    /// <summary>Wraps an executor.</summary>
    /// <param name="innerExecutor">From now on owned by this one.</param>
    /// <param name="sourceName">The name of the activity source and of the meter. Null: <see cref="DefaultSourceName"/>.</param>
    /// <param name="timeProvider">Measures executions. Null: the system's.</param>
    public OpenTelemetryCodeExecutor(ICodeExecutor innerExecutor, string? sourceName = null, TimeProvider? timeProvider = null)
        : base(innerExecutor) =>
        _instruments = new ExecutionInstruments(sourceName ?? DefaultSourceName, timeProvider ?? TimeProvider.System);

    /// <summary>Whether code and output are recorded, as <c>glovebox.code</c> and <c>glovebox.output</c> of a block's activity. They may
    /// hold secrets and personal data. Default: false.</summary>
    public bool EnableSensitiveData { get; set; }

    /// <inheritdoc/>
    public override IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks, CancellationToken cancellationToken = default)
    {
        IAsyncEnumerable<CodeExecutionUpdate> updates = InnerExecutor.ExecuteCodeBlocksStreamingAsync(codeBlocks, cancellationToken);
        if (!_instruments.HasListeners)
        {
            return updates;
        }

        int count = codeBlocks.Count;
        return ExecutionObserver.FollowAsync(
            updates, () => new ExecutionTelemetry(_instruments, InnerExecutor, count, EnableSensitiveData), cancellationToken);
    }

    /// <inheritdoc/>
    protected override async ValueTask DisposeAsyncCore()
    {
        await base.DisposeAsyncCore().ConfigureAwait(false);
        _instruments.Dispose();
    }
}
