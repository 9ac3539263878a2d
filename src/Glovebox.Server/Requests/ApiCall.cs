using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Glovebox.Server.Keys;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Glovebox.Server.Requests;

/// <summary>Answers a request.</summary>
internal delegate Task ApiHandler(ApiCall call);

/// <summary>A request that may be answered, and what handlers ask of it.</summary>
internal sealed class ApiCall(HttpContext http, ApiKey key)
{
    /// <summary>The most that a body of JSON has, in bytes.</summary>
    public const long MaxBody = 8 << 20;

    public HttpContext Http => http;

    /// <summary>Whose request it is. Its limits are those that count, the server's included.</summary>
    public ApiKey Key => key;

    public HttpRequest Request => http.Request;

    public HttpResponse Response => http.Response;

    /// <summary>Cancelled when the client is gone.</summary>
    public CancellationToken Aborted => http.RequestAborted;

    /// <summary>A part of the path.</summary>
    public string Route(string name) => (string)http.Request.RouteValues[name]!;

    /// <summary>A parameter of the query; null when it is missing or empty.</summary>
    /// <exception cref="ApiException">It is there twice.</exception>
    public string? Query(string name) => http.Request.Query[name] switch
    {
        { Count: 0 } or [null or ""] => null,
        [var value] => value,
        _ => throw ApiException.Invalid($"The parameter {name} is there more than once."),
    };

    public long? QueryNumber(string name, long least, long most) => Query(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most
            ? number
            : throw ApiException.Invalid($"The parameter {name} is a number from {least} to {most}.");

    public bool QueryFlag(string name) => Query(name) switch
    {
        null or "false" or "0" => false,
        "true" or "1" => true,
        _ => throw ApiException.Invalid($"The parameter {name} is true or false."),
    };

    public string RequiredQuery(string name) => Query(name) ?? throw ApiException.Invalid($"The parameter {name} is missing.");

    /// <summary>Lets the body have so many bytes. Call it before the body is read.</summary>
    public void LimitBody(long most)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = most;
        }

        if (http.Request.ContentLength > most)
        {
            throw new ApiException(413, "too-large", $"The body has {http.Request.ContentLength} bytes, and {most} are the most.");
        }
    }

    /// <summary>Reads a body of JSON, of any content type: command-line clients forget it.</summary>
    /// <exception cref="ApiException">It is empty or null.</exception>
    /// <exception cref="JsonException">It is no JSON, or of another shape.</exception>
    public async Task<T> ReadAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        LimitBody(MaxBody);
        return await JsonSerializer.DeserializeAsync(http.Request.Body, type, Aborted).ConfigureAwait(false)
            ?? throw ApiException.Invalid("The body is null.");
    }

    /// <summary>Reads a body that may be left out.</summary>
    public Task<T> ReadOrDefaultAsync<T>(JsonTypeInfo<T> type, T @default)
        where T : class =>
        http.Request.ContentLength == 0 || (http.Request.ContentLength is null && !http.Request.Headers.ContainsKey("Transfer-Encoding")
            && http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true)
            ? Task.FromResult(@default)
            : ReadAsync(type);

    public Task AnswerAsync<T>(T value, JsonTypeInfo<T> type, int status = 200) =>
        AnswerAsync(json => JsonSerializer.Serialize(json, value, type), status);

    public Task AnswerAsync(Action<Utf8JsonWriter> write, int status = 200)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            write(json);
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = buffer.WrittenCount;
        return http.Response.Body.WriteAsync(buffer.WrittenMemory, Aborted).AsTask();
    }

    public Task AnswerNothingAsync(int status = 204)
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
