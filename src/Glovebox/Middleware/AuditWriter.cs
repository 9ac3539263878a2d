using Glovebox.Audit;
using Microsoft.Extensions.Logging;

namespace Glovebox.Middleware;

/// <summary>Hands events to a sink, and says what an event that cannot be kept means.</summary>
internal sealed class AuditWriter(IAuditSink sink, bool failsClosed, ILogger logger)
{
    /// <exception cref="AuditException">The event cannot be kept, and that is to end the execution.</exception>
    public async ValueTask WriteAsync(AuditEvent auditEvent, CancellationToken cancellationToken = default)
    {
        if (await TryWriteAsync(auditEvent, cancellationToken).ConfigureAwait(false) is { } failure && failsClosed)
        {
            throw failure;
        }
    }

    /// <summary>Keeps an event, or logs that it cannot be kept.</summary>
    /// <returns>Why it cannot be kept; null when it is.</returns>
    public async ValueTask<AuditException?> TryWriteAsync(AuditEvent auditEvent, CancellationToken cancellationToken = default)
    {
        try
        {
            await sink.WriteAsync(auditEvent, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e)
        {
            LogMessages.NotAudited(logger, auditEvent.GetType().Name, e);
            return e as AuditException ?? new AuditException(
                "An audit event could not be kept.",
                "Mend the audit sink; the inner exception says more. Nothing runs that cannot be kept (AuditOptions.FailsClosed).",
                e);
        }
    }

    /// <exception cref="AuditException">Always, unless the execution may go on.</exception>
    public void Exceeded(int maxEvents)
    {
        AuditException failure = new(
            $"The execution has more than {maxEvents} calls of functions and decisions about egress.",
            "Raise AuditOptions.MaxEvents, or let the code call less.");
        LogMessages.NotAudited(logger, "Further events of an execution", failure);
        if (failsClosed)
        {
            throw failure;
        }
    }
}
