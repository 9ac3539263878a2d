using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Glovebox.Server.Requests;

/// <summary>An answer of server-sent events. A client that does not read holds up who writes, and nothing piles up here.</summary>
internal sealed class EventStream
{
    private static readonly ReadOnlyMemory<byte> Comment = ": \n\n"u8.ToArray();
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private readonly HttpContext _http;
    private readonly ArrayBufferWriter<byte> _buffer = new();

    private EventStream(HttpContext http) => _http = http;

    /// <summary>Whether the client asks for events.</summary>
    public static bool IsAskedFor(HttpRequest request) =>
        request.Headers.Accept.Any(a => a?.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase) == true);

    /// <summary>Begins the answer. An error is told before this, by its status.</summary>
    public static async Task<EventStream> BeginAsync(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await http.Response.StartAsync(http.RequestAborted).ConfigureAwait(false);
        await http.Response.Body.FlushAsync(http.RequestAborted).ConfigureAwait(false);
        return new EventStream(http);
    }

    /// <summary>Answers with events as they come. The answer begins with the first, so that what fails before has a status.</summary>
    /// <returns>The stream, to which more can be sent.</returns>
    public static async Task<EventStream> AnswerAsync<T>(
        HttpContext http, IAsyncEnumerable<T> source, Func<EventStream, T, Task> send, TimeProvider time)
    {
        IAsyncEnumerator<T> items = source.GetAsyncEnumerator(http.RequestAborted);
        await using (items.ConfigureAwait(false))
        {
            bool any = await items.MoveNextAsync().ConfigureAwait(false);
            EventStream stream = await BeginAsync(http).ConfigureAwait(false);
            if (!any)
            {
                return stream;
            }

            try
            {
                await stream.SendAllAsync(RestAsync(items), item => send(stream, item), time).ConfigureAwait(false);
            }
            catch (Exception e) when (!http.RequestAborted.IsCancellationRequested && ApiException.Of(e) is { } error)
            {
                await stream.SendAsync("error", ErrorBody.Of(error)).ConfigureAwait(false);
            }

            return stream;
        }
    }

    public Task SendAsync<T>(string name, T value, JsonTypeInfo<T> type, long? id = null)
    {
        ArrayBufferWriter<byte> json = new();
        using (Utf8JsonWriter writer = new(json))
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        return SendAsync(name, json.WrittenMemory, id);
    }

    /// <param name="name">The event's name.</param>
    /// <param name="json">Its data, on one line.</param>
    /// <param name="id">By which a client that comes back says what it has.</param>
    public async Task SendAsync(string name, ReadOnlyMemory<byte> json, long? id = null)
    {
        _buffer.ResetWrittenCount();
        if (id is { } number)
        {
            Write($"id: {number.ToString(CultureInfo.InvariantCulture)}\n");
        }

        Write($"event: {name}\ndata: ");
        _buffer.Write(json.Span);
        Write("\n\n");
        await _http.Response.Body.WriteAsync(_buffer.WrittenMemory, _http.RequestAborted).ConfigureAwait(false);
        await _http.Response.Body.FlushAsync(_http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Sends what comes; and a comment now and then, so that nobody on the way takes the connection for dead.</summary>
    public async Task SendAllAsync<T>(IAsyncEnumerable<T> source, Func<T, Task> send, TimeProvider time)
    {
        IAsyncEnumerator<T> items = source.GetAsyncEnumerator(_http.RequestAborted);
        await using (items.ConfigureAwait(false))
        {
            Task<bool> next = items.MoveNextAsync().AsTask();
            try
            {
                while (await IsNextAsync(next, time).ConfigureAwait(false))
                {
                    await send(items.Current).ConfigureAwait(false);
                    next = items.MoveNextAsync().AsTask();
                }
            }
            finally
            {
                // Who waits for the next one cannot be disposed. A client that is gone ends the wait.
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static async IAsyncEnumerable<T> RestAsync<T>(IAsyncEnumerator<T> items)
    {
        do
        {
            yield return items.Current;
        }
        while (await items.MoveNextAsync().ConfigureAwait(false));
    }

    private async Task<bool> IsNextAsync(Task<bool> next, TimeProvider time)
    {
        while (true)
        {
            try
            {
                return await next.WaitAsync(KeepAlive, time, CancellationToken.None).ConfigureAwait(false);
            }
            catch (TimeoutException) when (!next.IsCompleted)
            {
                await _http.Response.Body.WriteAsync(Comment, _http.RequestAborted).ConfigureAwait(false);
                await _http.Response.Body.FlushAsync(_http.RequestAborted).ConfigureAwait(false);
            }
        }
    }

    private void Write(string text) => Encoding.UTF8.GetBytes(text, _buffer);
}
