using System.Globalization;
using System.Text.Json;
using Glovebox.Egress;
using Glovebox.Server.Functions;
using Glovebox.Server.Requests;
using Glovebox.Server.Sessions;

namespace Glovebox.Server.Native;

/// <summary>Sessions: begin, find, list, prolong, end, watch.</summary>
internal sealed class SessionRoutes(ServerSessions sessions, GloveboxServerOptions options, TimeProvider time)
{
    private const int LargestPage = 1000;
    private const int MaxMetadata = 64;
    private const int MaxFunctions = 128;
    private const int MaxMetadataText = 1024;

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);
    private static readonly JsonElement NoParameters = JsonDocument.Parse("""{"type":"object","properties":{}}""").RootElement;

    public async Task BeginAsync(ApiCall call)
    {
        SessionBody body = await call.ReadOrDefaultAsync(NativeJson.Default.SessionBody, new()).ConfigureAwait(false);
        ServerSession session = await sessions.CreateAsync(call.Key, RequestOf(body), call.Aborted).ConfigureAwait(false);
        call.Response.Headers.Location = $"{call.Request.PathBase}/v1/sessions/{session.Id}";
        await call.AnswerAsync(AnswerOf(session), NativeJson.Default.SessionAnswer, 201).ConfigureAwait(false);
    }

    public Task ListAsync(ApiCall call)
    {
        int limit = (int)(call.QueryNumber("limit", 1, LargestPage) ?? 100);
        string? after = call.Query("after");
        (string Name, string Value)[] wanted =
        [
            .. call.Request.Query.Where(q => q.Key.StartsWith("metadata.", StringComparison.Ordinal))
                .Select(q => (q.Key["metadata.".Length..], q.Value.ToString())),
        ];
        ServerSession[] found =
        [
            .. sessions.Of(call.Key)
                .Where(s => wanted.All(w => s.Request.Metadata.TryGetValue(w.Name, out string? value) && value == w.Value))
                .Where(s => after is null || string.CompareOrdinal(PageKey(s), after) > 0)
                .OrderBy(PageKey, StringComparer.Ordinal)
                .Take(limit + 1),
        ];
        string? next = found.Length > limit ? PageKey(found[limit - 1]) : null;
        return call.AnswerAsync(new([.. found.Take(limit).Select(AnswerOf)], next), NativeJson.Default.SessionList);
    }

    public async Task ShowAsync(ApiCall call)
    {
        ServerSession session = Of(call);
        SessionUse use = await sessions.UseAsync(session, call.Aborted).ConfigureAwait(false);
        await using (use.ConfigureAwait(false))
        {
            SandboxCapabilities capabilities = use.Sandbox.Capabilities;
            SessionDetails details = new(
                AnswerOf(session),
                capabilities.Kind,
                use.Sandbox.WorkDirectory,
                [.. capabilities.Controls.Select(c => new ControlAnswer(c.Name, NativeJson.Lower(c.Level.ToString()), c.Mechanism))]);
            await call.AnswerAsync(details, NativeJson.Default.SessionDetails).ConfigureAwait(false);
        }
    }

    public async Task SetLifetimeAsync(ApiCall call)
    {
        LifetimeBody body = await call.ReadAsync(NativeJson.Default.LifetimeBody).ConfigureAwait(false);
        ServerSession session = Of(call);
        sessions.SetLifetime(session, Seconds("lifetime", body.Lifetime)!.Value);
        await call.AnswerAsync(AnswerOf(session), NativeJson.Default.SessionAnswer).ConfigureAwait(false);
    }

    public async Task EndAsync(ApiCall call)
    {
        await sessions.EndAsync(Of(call), "its owner ended it").ConfigureAwait(false);
        await call.AnswerNothingAsync().ConfigureAwait(false);
    }

    public async Task WatchAsync(ApiCall call)
    {
        ServerSession session = Of(call);
        long after = call.Request.Headers["Last-Event-ID"] is [{ } id]
            && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : call.QueryNumber("after", 0, long.MaxValue) ?? 0;
        EventStream stream = await EventStream.BeginAsync(call.Http).ConfigureAwait(false);
        await stream.SendAllAsync(
            session.Journal.ReadAsync(after, call.Aborted), e => stream.SendAsync(e.Kind, e.Json, e.Number), time).ConfigureAwait(false);
        await stream.SendAsync("ended", "{}"u8.ToArray()).ConfigureAwait(false);
    }

    public ServerSession Of(ApiCall call) => sessions.Get(call.Key, call.Route("session"));

    /// <summary>Has the session of a request in use while it is handled.</summary>
    public async Task WithAsync(ApiCall call, Func<SessionUse, Task> handle)
    {
        SessionUse use = await sessions.UseAsync(Of(call), call.Aborted).ConfigureAwait(false);
        await using (use.ConfigureAwait(false))
        {
            await handle(use).ConfigureAwait(false);
        }
    }

    public SessionRequest RequestOf(SessionBody body)
    {
        if (body.Metadata.Count > MaxMetadata
            || body.Metadata.Any(m => m.Key.Length > MaxMetadataText || m.Value is null || m.Value.Length > MaxMetadataText))
        {
            throw ApiException.Invalid($"Metadata has at most {MaxMetadata} texts of at most {MaxMetadataText} characters.");
        }

        PendingCalls? calls = CallsOf(body);
        return new SessionRequest
        {
            Calls = calls,
            Functions = [.. body.Functions.Select(f => FunctionOf(f, calls!))],
            Template = body.Template ?? GloveboxServerOptions.DefaultTemplate,
            Metadata = body.Metadata,
            Environment = body.Environment,
            IdleTimeout = Seconds("idleTimeout", body.IdleTimeout),
            Lifetime = Seconds("lifetime", body.Lifetime),
            Timeout = Seconds("timeout", body.Timeout),
            Memory = body.Memory,
            Cpus = body.Cpus,
            MaxProcesses = body.MaxProcesses,
            DiskSpace = body.DiskSpace,
            Network = NetworkOf(body.Network),
            AllowedDomains = body.AllowedDomains,
            Packages = body.Packages,
            Secrets =
            [
                .. body.Secrets.Select(s => new EgressSecret
                {
                    Name = s.Name,
                    Value = s.Value,
                    Domains = s.Domains,
                    Header = s.Header,
                    QueryParameter = s.QueryParameter,
                }),
            ],
        };
    }

    /// <exception cref="ApiException">It is no time that a timer takes.</exception>
    public static TimeSpan? Seconds(string name, double? seconds) => seconds is null ? null
        : seconds is > 0 and <= int.MaxValue / 1000 ? TimeSpan.FromSeconds(seconds.Value)
        : throw ApiException.Invalid($"{name} is a number of seconds, more than zero and at most 24 days.");

    private PendingCalls? CallsOf(SessionBody body)
    {
        if (body.Functions.Count == 0)
        {
            return body.Callback is null ? null : throw ApiException.Invalid("callback goes with functions.");
        }

        if (body.Functions.Count > MaxFunctions)
        {
            throw ApiException.Invalid($"A session has at most {MaxFunctions} functions.");
        }

        Callback? callback = body.Callback is { } given ? new(given.Url, given.Secret, options.CallbackHosts) : null;
        return new PendingCalls(Seconds("callTimeout", body.CallTimeout) ?? CallTimeout, callback, time);
    }

    private static ClientFunction FunctionOf(FunctionBody body, PendingCalls calls)
    {
        JsonElement parameters = body.Parameters ?? NoParameters;
        return parameters.ValueKind == JsonValueKind.Object
            ? new ClientFunction(body.Name, body.Description, parameters, calls)
            : throw ApiException.Invalid("The parameters of a function are a JSON schema, which is an object.");
    }

    private static NetworkAccess? NetworkOf(string? name) => name switch
    {
        null => null,
        "none" => NetworkAccess.None,
        "setup-only" => NetworkAccess.SetupOnly,
        "full" => NetworkAccess.Full,
        "allow-list" => NetworkAccess.AllowList,
        _ => throw ApiException.Invalid("network is none, setup-only, full or allow-list."),
    };

    private static SessionAnswer AnswerOf(ServerSession session) => new(
        session.Id,
        session.Request.Template,
        session.Request.Metadata,
        session.Began,
        session.Ends == DateTimeOffset.MaxValue ? null : session.Ends);

    /// <summary>By it sessions are sorted, and a page says where it ends: no session that ends meanwhile moves the next page.</summary>
    private static string PageKey(ServerSession session) =>
        $"{session.Began.ToUnixTimeMilliseconds().ToString("x12", CultureInfo.InvariantCulture)}-{session.Id}";
}
