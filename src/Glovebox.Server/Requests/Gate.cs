using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Glovebox.Server.Keys;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Glovebox.Server.Requests;

/// <summary>What every request goes through: by which name it comes, whose it is, how many there were, and what is told of its
/// failure.</summary>
internal sealed partial class Gate(HostCheck hosts, Authentication authentication, KeyUse use, ILogger<Gate> logger)
{
    /// <summary>Lets in whoever has a key.</summary>
    public RequestDelegate For(Surface surface, ApiHandler handler) => For(surface, authentication.Find, handler);

    /// <summary>Lets in whoever a surface finds a key for by itself.</summary>
    public RequestDelegate For(Surface surface, Func<HttpRequest, ApiKey> authenticate, ApiHandler handler) =>
        http => RunAsync(http, surface, async () =>
        {
            ApiKey key = authenticate(http.Request);
            http.Items[nameof(ApiKey)] = key.Name;
            use.CountRequest(key);
            await handler(new ApiCall(http, key)).ConfigureAwait(false);
        });

    /// <summary>Lets in everybody who calls the server by one of its names.</summary>
    public RequestDelegate Open(Surface surface, RequestDelegate handler) => http => RunAsync(http, surface, () => handler(http));

    private async Task RunAsync(HttpContext http, Surface surface, Func<Task> handler)
    {
        long begun = Stopwatch.GetTimestamp();
        try
        {
            hosts.Check(http.Request);
            await handler().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await FailAsync(http, surface, e).ConfigureAwait(false);
        }
        finally
        {
            if (logger.IsEnabled(LogLevel.Information))
            {
                // The pattern, not the path: ids of sessions and names of files are their owners'.
                string pattern = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "";
                double milliseconds = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
                string key = http.Items[nameof(ApiKey)] as string ?? "-";
                LogRequest(logger, surface.Name, http.Request.Method, pattern, http.Response.StatusCode, milliseconds, key);
            }
        }
    }

    private async Task FailAsync(HttpContext http, Surface surface, Exception exception)
    {
        if (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        ApiException? error = ApiException.Of(exception);
        if (error is null)
        {
            LogFailed(logger, exception);
            error = new(500, "internal-error", "The server could not do that.", "Its log says why.");
        }

        if (http.Response.HasStarted)
        {
            // What was sent cannot be taken back. The client sees that the answer is cut.
            http.Abort();
            return;
        }

        http.Response.Clear();
        http.Response.StatusCode = surface.StatusOf(error);
        if (error.RetryAfter is { } wait)
        {
            http.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (error.Status == 401)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        http.Response.ContentType = "application/json";
        ArrayBufferWriter<byte> body = new();
        using (Utf8JsonWriter json = new(body))
        {
            surface.WriteError(json, error);
        }

        http.Response.ContentLength = body.WrittenCount;
        await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Surface} {Method} {Route} {Status} in {Milliseconds:0.0} ms, key {Key}")]
    private static partial void LogRequest(
        ILogger logger, string surface, string method, string route, int status, double milliseconds, string key);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request failed.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
