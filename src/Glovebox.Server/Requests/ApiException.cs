namespace Glovebox.Server.Requests;

/// <summary>A request that is answered with an error.</summary>
internal sealed class ApiException(int status, string code, string message, string? hint = null) : Exception(message)
{
    public int Status => status;

    public string Code => code;

    public string? Hint => hint;

    /// <summary>When it is worth another try.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static ApiException Invalid(string message, string? hint = null) => new(400, "invalid-request", message, hint);

    public static ApiException NotFound(string code, string message, string? hint = null) => new(404, code, message, hint);

    public static ApiException TooMany(string message, TimeSpan retryAfter) =>
        new(429, "too-many-requests", message, "Wait as long as Retry-After says.") { RetryAfter = retryAfter };

    /// <summary>What an exception of a handler tells the client; null when it tells nothing that a client may know.</summary>
    public static ApiException? Of(Exception exception) => exception switch
    {
        ApiException api => api,
        ExecutorStoppedException => new(410, "session-ended", "The session has ended."),
        CodeExecutionException { Code: "too-many-sessions" } e =>
            new(429, e.Code, e.Message, e.Hint) { RetryAfter = TimeSpan.FromSeconds(5) },
        SandboxFileException e => new(StatusOfFile(e.Code), e.Code, e.Message, e.Hint),
        CodeExecutionException e => new(StatusOf(e.Code), e.Code, e.Message, e.Hint),
        System.Text.Json.JsonException e => Invalid(BodyErrors.Of(e)),
        Microsoft.AspNetCore.Http.BadHttpRequestException e => new(
            e.StatusCode, e.StatusCode == 413 ? "too-large" : "invalid-request", e.Message),
        ArgumentException e => Invalid(e.Message),
        _ => null,
    };

    private static int StatusOf(string code) => code switch
    {
        "unknown-context" => 404,
        "context-exists" or "too-many-contexts" or "roll-back-failed" => 409,
        "sandbox-lost" or "sandbox-failed" => 502,
        "no-contexts" or "not-supported" => 501,
        _ => 422,
    };

    private static int StatusOfFile(string code) => code switch
    {
        "file-not-found" => 404,
        "permission-denied" => 403,
        "file-too-large" => 413,
        _ => 409,
    };
}
