using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Glovebox.Server.Hosting;
using Glovebox.Server.Requests;

namespace Glovebox.Server.Sessions;

/// <summary>Runs blocks for clients of any API: counted for their key, written to the session's journal.</summary>
internal sealed class SessionExecution(ServerSessions sessions, KeyUse keys, RunningWork work)
{
    /// <summary>The most that the journal keeps of one event. What is longer is told of without its content.</summary>
    private const int LargestEvent = 256 << 10;

    /// <summary>Runs blocks and gives their updates as they come.</summary>
    /// <exception cref="ApiException">The key runs too many blocks already, or the session has ended.</exception>
    public async IAsyncEnumerable<CodeExecutionUpdate> RunAsync(
        ServerSession session,
        IReadOnlyList<CodeBlock> blocks,
        CodeExecutionOptions options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using IDisposable counted = keys.BeginExecution(session.Key);
        using IDisposable running = work.Begin();
        SessionUse use = await sessions.UseAsync(session, cancellationToken).ConfigureAwait(false);
        await using (use.ConfigureAwait(false))
        {
            IAsyncEnumerable<CodeExecutionUpdate> updates =
                use.Executor.ExecuteCodeBlocksStreamingAsync(blocks, options, cancellationToken);
            await foreach (CodeExecutionUpdate update in updates.ConfigureAwait(false))
            {
                session.Journal.Add("update", Serialize(update));
                yield return update;
            }
        }
    }

    /// <summary>Runs blocks and gives their results.</summary>
    public async Task<CodeResult> CompleteAsync(
        ServerSession session, IReadOnlyList<CodeBlock> blocks, CodeExecutionOptions options, CancellationToken cancellationToken)
    {
        List<BlockResult> results = [];
        await foreach (CodeExecutionUpdate update in RunAsync(session, blocks, options, cancellationToken).ConfigureAwait(false))
        {
            if (update is BlockCompletedUpdate completed)
            {
                results.Add(completed.Result);
            }
        }

        return new CodeResult(results);
    }

    private static ReadOnlyMemory<byte> Serialize(CodeExecutionUpdate update)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            JsonSerializer.Serialize(json, update, CodeExecutionJson.Update);
        }

        return buffer.WrittenCount <= LargestEvent
            ? buffer.WrittenMemory
            : System.Text.Encoding.UTF8.GetBytes(
                $$"""{"type":"too-large","blockIndex":{{update.BlockIndex}},"bytes":{{buffer.WrittenCount}}}""");
    }
}
