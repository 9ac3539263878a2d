using System.Globalization;
using System.Text.Json;
using Glovebox.Server.Audit;
using Glovebox.Server.Requests;

namespace Glovebox.Server.Native;

/// <summary>The audit of a key's sessions, those that have ended included.</summary>
internal sealed class AuditRoutes(AuditStore audit)
{
    private const int LargestPage = 1000;

    public Task SearchAsync(ApiCall call) => AnswerAsync(call, call.Query("session"), call.Query("kind"));

    /// <summary>What a session reached, and what it was refused.</summary>
    public Task EgressAsync(ApiCall call) => AnswerAsync(call, call.Route("session"), "egress");

    private Task AnswerAsync(ApiCall call, string? session, string? kind)
    {
        int limit = (int)(call.QueryNumber("limit", 1, LargestPage) ?? 100);
        AuditSearch search = new(
            session, kind, call.Query("text"), call.QueryNumber("before", 1, long.MaxValue), TimeOf(call.Query("since")), limit + 1);
        IReadOnlyList<AuditRow> rows = audit.Find(call.Key.Id, search);
        return call.AnswerAsync(
            new([.. rows.Take(limit).Select(AnswerOf)], rows.Count > limit ? rows[limit - 1].Number : null), NativeJson.Default.AuditList);
    }

    private static AuditAnswer AnswerOf(AuditRow row)
    {
        using JsonDocument json = JsonDocument.Parse(row.Text);
        return new(row.Number, row.Time, row.Session, row.Kind, json.RootElement.Clone());
    }

    private static DateTimeOffset? TimeOf(string? text) => text is null ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time
        : throw ApiException.Invalid("since is a time, such as 2026-11-01T12:00:00Z.");
}
