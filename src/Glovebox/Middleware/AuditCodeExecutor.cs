using Glovebox.Audit;
using Glovebox.Egress;
using Glovebox.Execution;
using Microsoft.Extensions.Logging;

namespace Glovebox.Middleware;

/// <summary>Keeps each execution in an audit, and what its blocks have left running reaches after it.</summary>
internal sealed class AuditCodeExecutor : DelegatingCodeExecutor
{
    private readonly AuditWriter _writer;
    private readonly AuditOptions _options;
    private readonly TimeProvider _timeProvider;
    private ExecutionAudit? _last;

    public AuditCodeExecutor(ICodeExecutor innerExecutor, IAuditSink sink, AuditOptions options, ILogger logger, TimeProvider timeProvider)
        : base(innerExecutor)
    {
        (_writer, _options, _timeProvider) = (new AuditWriter(sink, options.FailsClosed, logger), options, timeProvider);
        if (innerExecutor.GetService(typeof(EgressReports)) is EgressReports reports)
        {
            reports.TellBetween(KeepAsync);
        }
    }

    public override IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
        IReadOnlyList<CodeBlock> codeBlocks, CodeExecutionOptions? options = null, CancellationToken cancellationToken = default)
    {
        // What is kept is what runs, whatever the caller does with its list.
        CodeBlock[] blocks = CodeBlockList.Copy(codeBlocks);
        IAsyncEnumerable<CodeExecutionUpdate> updates =
            InnerExecutor.ExecuteCodeBlocksStreamingAsync(blocks, options, cancellationToken);
        return ExecutionObserver.FollowAsync(
            updates, () => _last = new(_writer, InnerExecutor, blocks, _options, _timeProvider), cancellationToken);
    }

    /// <summary>Keeps what happens while no block runs, as of the execution that began last.</summary>
    /// <exception cref="EgressRefusal">It cannot be kept, and so must not happen.</exception>
    private async Task KeepAsync(EgressEvent happened)
    {
        try
        {
            if (_last is { } last)
            {
                await last.KeepAfterwardsAsync(happened).ConfigureAwait(false);
            }
        }
        catch (AuditException) when (happened.Kind == EgressEventKind.Allowed)
        {
            throw new EgressRefusal("not-audited", "The audit cannot keep what is reached.", 503);
        }
        catch (AuditException)
        {
            // Nothing is let through by it, and the log has it.
        }
    }
}
