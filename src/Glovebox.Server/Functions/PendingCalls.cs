using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Glovebox.Functions;
using Glovebox.Server.Sessions;

namespace Glovebox.Server.Functions;

/// <summary>Calls of guest code that wait for the client: it hears of them as events of the session, or at an address of its own, and has
/// some time to answer.</summary>
internal sealed class PendingCalls(TimeSpan longest, Callback? callback, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonElement?>> _waiting = new(StringComparer.Ordinal);

    /// <summary>The session, which is begun after its functions are made.</summary>
    public ServerSession? Session { get; set; }

    /// <summary>Calls a function of the client and waits for its result.</summary>
    /// <exception cref="HostFunctionException">It failed, or there was no answer in time.</exception>
    public async Task<JsonElement?> CallAsync(string function, JsonObject arguments, CancellationToken cancellationToken)
    {
        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        JsonObject call = new() { ["id"] = id, ["function"] = function, ["arguments"] = arguments };
        if (callback is not null)
        {
            call["session"] = Session!.Id;
            return await callback.CallAsync(call, longest, cancellationToken).ConfigureAwait(false);
        }

        TaskCompletionSource<JsonElement?> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        try
        {
            Session!.Journal.Add("call", Encoding.UTF8.GetBytes(call.ToJsonString()));
            return await answer.Task.WaitAsync(longest, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw NoAnswer(longest);
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    /// <summary>Answers a call.</summary>
    /// <returns>False when no such call waits.</returns>
    public bool Answer(string id, JsonElement? result, string? error) =>
        _waiting.TryRemove(id, out TaskCompletionSource<JsonElement?>? answer)
        && (error is null ? answer.TrySetResult(result) : answer.TrySetException(new HostFunctionException(error)));

    public void Dispose() => callback?.Dispose();

    public static HostFunctionException NoAnswer(TimeSpan longest) =>
        new(string.Create(CultureInfo.InvariantCulture, $"The client did not answer within {longest.TotalSeconds:0.#} seconds."));
}
