using System.Text.Json;
using Glovebox.Server.Data;

namespace Glovebox.Server.Sessions;

/// <summary>The record of sessions, those that have ended included.</summary>
internal sealed class SessionStore(ServerDatabase database, TimeProvider time)
{
    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Begin(ServerSession session) => database.Change(d => d.Execute(
        "INSERT INTO sessions (id, key, template, metadata, began) VALUES (@0, @1, @2, @3, @4)",
        session.Id, session.Key.Id, session.Request.Template,
        JsonSerializer.Serialize(session.Request.Metadata, SessionJson.Default.IReadOnlyDictionaryStringString), Now));

    public void End(ServerSession session, string reason) => database.Change(d => d.Execute(
        "UPDATE sessions SET ended = @0, reason = @1 WHERE id = @2", Now, reason, session.Id));

    /// <summary>Closes what a server that was killed left open: its sandboxes ended with it.</summary>
    public int EndLeftovers() => database.Change(d => d.Execute(
        "UPDATE sessions SET ended = @0, reason = 'the server ended' WHERE ended IS NULL", Now));

    public int DeleteBefore(DateTimeOffset before) => database.Change(d => d.Execute(
        "DELETE FROM sessions WHERE ended < @0", before.ToUnixTimeMilliseconds()));
}

[System.Text.Json.Serialization.JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
internal sealed partial class SessionJson : System.Text.Json.Serialization.JsonSerializerContext;
