using System.Collections.Concurrent;
using Glovebox.Audit;

namespace Glovebox.Tests.Common;

/// <summary>An audit sink that a test can read, and have fail.</summary>
public sealed class CollectingSink : IAuditSink
{
    private readonly ConcurrentQueue<AuditEvent> _events = new();

    public IReadOnlyCollection<AuditEvent> Events => _events;

    /// <summary>The classes of the events, in order, without what all their names end with.</summary>
    public IEnumerable<string> Names => _events.Select(e => e.GetType().Name.Replace("AuditEvent", "", StringComparison.Ordinal).Replace("Event", "", StringComparison.Ordinal));

    /// <summary>The error with which an event is not kept; null: it is. Default: null.</summary>
    public Func<AuditEvent, Exception?> Fails { get; set; } = _ => null;

    public ValueTask WriteAsync(AuditEvent auditEvent, CancellationToken cancellationToken = default)
    {
        if (Fails(auditEvent) is { } error)
        {
            throw error;
        }

        _events.Enqueue(auditEvent);
        return ValueTask.CompletedTask;
    }

    /// <summary>The one event of a class.</summary>
    public T The<T>()
        where T : AuditEvent => Assert.Single(_events.OfType<T>());
}
