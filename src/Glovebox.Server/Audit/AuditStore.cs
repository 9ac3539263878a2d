using System.Text.Json;
using Glovebox.Audit;
using Glovebox.Server.Data;
using Glovebox.Server.Sessions;

namespace Glovebox.Server.Audit;

/// <summary>The audit of all sessions.</summary>
internal sealed class AuditStore(ServerDatabase database)
{
    /// <summary>Adds an event.</summary>
    public void Add(string key, string session, AuditEvent auditEvent)
    {
        string text = JsonSerializer.Serialize(auditEvent, AuditJson.Event);
        using JsonDocument json = JsonDocument.Parse(text);
        database.Change(d => d.Execute(
            "INSERT INTO audit (time, key, session, kind, text) VALUES (@0, @1, @2, @3, @4)",
            auditEvent.Time.ToUnixTimeMilliseconds(), key, session, json.RootElement.GetProperty("type").GetString(), text));
    }

    /// <summary>Finds events of a key, latest first.</summary>
    /// <param name="key">Whose they are.</param>
    /// <param name="search">What they must be.</param>
    public IReadOnlyList<AuditRow> Find(string key, AuditSearch search) => database.Use(d => d.Query(
        """
        SELECT number, time, session, kind, text FROM audit
        WHERE key = @0 AND (@1 IS NULL OR session = @1) AND (@2 IS NULL OR kind = @2) AND (@3 IS NULL OR instr(lower(text), lower(@3)) > 0)
            AND (@4 IS NULL OR number < @4) AND (@5 IS NULL OR time >= @5)
        ORDER BY number DESC LIMIT @6
        """,
        r => new AuditRow(r.GetInt64(0), r.Time(1), r.GetString(2), r.GetString(3), r.GetString(4)),
        key, search.Session, search.Kind, search.Text, search.Before, search.Since?.ToUnixTimeMilliseconds(), search.Limit));

    public int DeleteBefore(DateTimeOffset before) => database.Change(d => d.Execute(
        "DELETE FROM audit WHERE time < @0", before.ToUnixTimeMilliseconds()));
}

/// <summary>What events are looked for. Null: any.</summary>
internal sealed record AuditSearch(
    string? Session = null, string? Kind = null, string? Text = null, long? Before = null, DateTimeOffset? Since = null, int Limit = 100);

/// <summary>An event as it is kept.</summary>
internal sealed record AuditRow(long Number, DateTimeOffset Time, string Session, string Kind, string Text);

/// <summary>Keeps the audit of one session.</summary>
internal sealed class SessionAuditSink(AuditStore store, ServerSession session) : IAuditSink
{
    public ValueTask WriteAsync(AuditEvent auditEvent, CancellationToken cancellationToken = default)
    {
        store.Add(session.Key.Id, session.Id, auditEvent);
        return ValueTask.CompletedTask;
    }
}
