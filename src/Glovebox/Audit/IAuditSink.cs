namespace Glovebox.Audit;

/// <summary>Keeps audit events. It belongs to its maker: no executor disposes it.</summary>
public interface IAuditSink
{
    /// <summary>Keeps an event. May be called from any thread, by several executions at the same time.</summary>
    /// <param name="auditEvent">The event.</param>
    /// <param name="cancellationToken">Gives up waiting before the event is kept.</param>
    /// <returns>Ends when the event is kept as safely as this sink keeps events.</returns>
    /// <exception cref="AuditException">The event cannot be kept. Any other exception is taken for one.</exception>
    ValueTask WriteAsync(AuditEvent auditEvent, CancellationToken cancellationToken = default);
}
