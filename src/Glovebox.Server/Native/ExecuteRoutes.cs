using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Glovebox.Server.Requests;
using Glovebox.Server.Sessions;

namespace Glovebox.Server.Native;

/// <summary>Runs code, and answers with its results, or with its updates as they come.</summary>
internal sealed class ExecuteRoutes(ServerSessions sessions, SessionRoutes found, SessionExecution execution, TimeProvider time)
{
    /// <summary>Results are written by the core.</summary>
    private static readonly JsonTypeInfo<BlockResult> Result =
        (JsonTypeInfo<BlockResult>)CodeExecutionJson.Update.Options.GetTypeInfo(typeof(BlockResult));

    /// <summary>In a session that there is.</summary>
    public async Task ExecuteAsync(ApiCall call)
    {
        ExecuteBody body = await call.ReadAsync(NativeJson.Default.ExecuteBody).ConfigureAwait(false);
        await RunAsync(call, found.Of(call), body).ConfigureAwait(false);
    }

    /// <summary>In a session of its own.</summary>
    public async Task ExecuteOnceAsync(ApiCall call)
    {
        RunBody body = await call.ReadAsync(NativeJson.Default.RunBody).ConfigureAwait(false);
        _ = BlocksOf(body);
        ServerSession session =
            await sessions.CreateAsync(call.Key, found.RequestOf(body.Session), call.Aborted).ConfigureAwait(false);
        try
        {
            await RunAsync(call, session, body).ConfigureAwait(false);
        }
        finally
        {
            await sessions.EndAsync(session, "its run was over").ConfigureAwait(false);
        }
    }

    private async Task RunAsync(ApiCall call, ServerSession session, ExecuteBody body)
    {
        IReadOnlyList<CodeBlock> blocks = BlocksOf(body);
        CodeExecutionOptions options = new()
        {
            Context = body.Context,
            Timeout = SessionRoutes.Seconds("timeout", body.Timeout),
            Arguments = body.Arguments,
            Environment = body.Environment,
            StandardInput = body.StandardInput is null ? default : Encoding.UTF8.GetBytes(body.StandardInput),
        };
        if (!EventStream.IsAskedFor(call.Request))
        {
            CodeResult result = await execution.CompleteAsync(session, blocks, options, call.Aborted).ConfigureAwait(false);
            await call.AnswerAsync(json => Write(json, result)).ConfigureAwait(false);
            return;
        }

        EventStream stream = await EventStream.AnswerAsync(
            call.Http,
            execution.RunAsync(session, blocks, options, call.Aborted),
            (events, update) => events.SendAsync("update", update, CodeExecutionJson.Update),
            time).ConfigureAwait(false);
        await stream.SendAsync("done", "{}"u8.ToArray()).ConfigureAwait(false);
    }

    private static IReadOnlyList<CodeBlock> BlocksOf(ExecuteBody body)
    {
        int given = (body.Code is null ? 0 : 1) + (body.Blocks is null ? 0 : 1) + (body.Reply is null ? 0 : 1);
        if (given != 1)
        {
            throw ApiException.Invalid("The body has one of code, blocks and reply.");
        }

        if (body.Language is not null && body.Code is null)
        {
            throw ApiException.Invalid("language goes with code.");
        }

        return body.Code is { } code ? [new CodeBlock(body.Language ?? "python", code)]
            : body.Blocks is { } blocks ? blocks.All(b => b is { Language: not null, Code: not null })
                ? blocks
                : throw ApiException.Invalid("A block has a language and code.")
            : MarkdownCodeBlocks.Extract(body.Reply!);
    }

    private static void Write(Utf8JsonWriter json, CodeResult result)
    {
        json.WriteStartObject();
        json.WriteNumber("exitCode", result.ExitCode);
        json.WriteString("output", result.Output);
        json.WriteStartArray("blocks");
        foreach (BlockResult block in result.Blocks)
        {
            JsonSerializer.Serialize(json, block, Result);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
