using System.Buffers;
using System.Text.Json;
using Glovebox.Jupyter.Client;

namespace Glovebox.Jupyter.Kernels;

/// <summary>One execution of a kernel: it is over when the kernel has both answered and become idle, in whichever order.</summary>
internal sealed class Cell(string messageId, ICellOutput output)
{
    private readonly TaskCompletionSource<CellEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CellEnd? _reply;
    private bool _isIdle;

    /// <summary>The id of the request; what belongs to the cell names it.</summary>
    public string MessageId => messageId;

    /// <summary>How it ended. Never fails.</summary>
    public Task<CellEnd> Ended => _ended.Task;

    /// <summary>Takes a message that belongs to this cell.</summary>
    public void Handle(KernelMessage message)
    {
        switch (message.Type)
        {
            case "stream":
                TakeStream(message.Content.Span);
                break;
            case "display_data" or "execute_result" or "update_display_data":
                TakeDisplay(message);
                break;
            case "error":
                TakeError(message.Content);
                break;
            case "clear_output":
                using (JsonDocument content = JsonDocument.Parse(message.Content, KernelMessage.Parsing))
                {
                    output.Clear(content.RootElement.Member("wait") is { ValueKind: JsonValueKind.True });
                }

                break;
            case "status":
                using (JsonDocument content = JsonDocument.Parse(message.Content, KernelMessage.Parsing))
                {
                    _isIdle |= content.RootElement.Text("execution_state") == "idle";
                }

                EndWhenDone();
                break;
            case "execute_reply" or "kernel_info_reply":
                using (JsonDocument content = JsonDocument.Parse(message.Content, KernelMessage.Parsing))
                {
                    _reply = CellEnd.Of(content.RootElement);
                }

                EndWhenDone();
                break;
            case "input_request":
                End(new CellEnd(CellEndKind.AskedForInput));
                break;
        }
    }

    /// <summary>A message was too large to be taken. Which one it was is not known; it is this cell's, most likely.</summary>
    public void Drop(long bytes) => output.Drop(bytes);

    /// <summary>Ends the cell for a reason outside of it.</summary>
    public void End(CellEnd end) => _ended.TrySetResult(end);

    private void EndWhenDone()
    {
        if (_isIdle && _reply is { } reply)
        {
            End(reply);
        }
    }

    /// <summary>Takes printed text without making a string of it: there may be tens of megabytes in one message.</summary>
    private void TakeStream(ReadOnlySpan<byte> content)
    {
        Utf8JsonReader reader = new(content), text = default;
        OutputStream stream = OutputStream.StandardOutput;
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            bool isName = reader.ValueTextEquals("name"u8), isText = reader.ValueTextEquals("text"u8);
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                stream = isName && reader.ValueTextEquals("stderr"u8) ? OutputStream.StandardError : stream;
                text = isText ? reader : text;
            }
        }

        if (!text.ValueIsEscaped)
        {
            output.Write(stream, text.ValueSpan);
            return;
        }

        byte[] unescaped = ArrayPool<byte>.Shared.Rent(text.ValueSpan.Length);
        try
        {
            output.Write(stream, unescaped.AsSpan(0, text.CopyString(unescaped)));
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, which no text can hold.
            output.Drop(text.ValueSpan.Length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(unescaped);
        }
    }

    private void TakeDisplay(KernelMessage message)
    {
        using JsonDocument content = JsonDocument.Parse(message.Content, KernelMessage.Parsing);
        if (content.RootElement.Member("data") is { ValueKind: JsonValueKind.Object } bundle)
        {
            string? id = content.RootElement.Member("transient")?.Text("display_id");
            output.Show(bundle, id, isUpdate: message.Type == "update_display_data");
        }
    }

    private void TakeError(ReadOnlyMemory<byte> content)
    {
        using JsonDocument document = JsonDocument.Parse(content, KernelMessage.Parsing);
        JsonElement error = document.RootElement;
        string traceback = error.Member("traceback") is { ValueKind: JsonValueKind.Array } lines
            ? string.Join('\n', lines.EnumerateArray().Where(l => l.ValueKind == JsonValueKind.String).Select(l => l.Text()))
            : "";
        output.WriteError(traceback.Length > 0 ? traceback : $"{error.Text("ename")}: {error.Text("evalue")}");
    }
}

/// <summary>How a cell ended.</summary>
/// <param name="Kind">In which way.</param>
/// <param name="ErrorName">The kind of error, such as <c>ZeroDivisionError</c>; empty for none.</param>
/// <param name="ErrorValue">What the error says.</param>
internal sealed record CellEnd(CellEndKind Kind, string ErrorName = "", string ErrorValue = "")
{
    public static CellEnd Of(JsonElement reply) => reply.Text("status") == "ok"
        ? new(reply.Member("payload") is { ValueKind: JsonValueKind.Array } payloads && payloads.EnumerateArray().Any(p => p.Text("source") == "ask_exit")
            ? CellEndKind.KernelLeaves
            : CellEndKind.Succeeded)
        : new(CellEndKind.Failed, reply.Text("ename") ?? "", reply.Text("evalue") ?? "");
}

/// <summary>In which way a cell ended.</summary>
internal enum CellEndKind
{
    /// <summary>Without an error.</summary>
    Succeeded,

    /// <summary>Without an error, and the kernel ends now, as it was asked to (<c>exit()</c>).</summary>
    KernelLeaves,

    /// <summary>With an error of the code.</summary>
    Failed,

    /// <summary>It asked for input, and waits.</summary>
    AskedForInput,

    /// <summary>The kernel died.</summary>
    KernelDied,

    /// <summary>The server has gone.</summary>
    ConnectionLost,
}
