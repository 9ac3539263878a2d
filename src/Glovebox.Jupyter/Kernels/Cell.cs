using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Glovebox.Jupyter.Client;
using Glovebox.Execution.Displays;

namespace Glovebox.Jupyter.Kernels;

/// <summary>One execution of a kernel: it is over when the kernel has both answered and become idle, in whichever order.</summary>
/// <param name="messageId">The id of the request; what belongs to the cell names it.</param>
/// <param name="output">Takes what the cell prints and shows; null: it is dropped.</param>
internal sealed class Cell(string messageId, BlockDisplays? output)
{
    private readonly TaskCompletionSource<CellEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CellEnd? _reply;
    private bool _isIdle;

    public string MessageId => messageId;

    /// <summary>How it ended. Never fails.</summary>
    public Task<CellEnd> Ended => _ended.Task;

    /// <summary>Takes a message that belongs to this cell.</summary>
    public void Handle(KernelMessage message)
    {
        JsonElement content = message.Content;
        switch (message.Type)
        {
            case "stream":
                TakeStream(content);
                break;
            case "display_data" or "execute_result" or "update_display_data":
                if (content.Member("data") is { ValueKind: JsonValueKind.Object } bundle)
                {
                    output?.Show(bundle, content.Member("transient")?.Text("display_id"), isUpdate: message.Type == "update_display_data");
                }

                break;
            case "error":
                output?.WriteError(Traceback(content));
                break;
            case "clear_output":
                output?.Clear(waits: content.Member("wait") is { ValueKind: JsonValueKind.True });
                break;
            case "status":
                _isIdle |= content.Text("execution_state") == "idle";
                EndWhenDone();
                break;
            case "execute_reply" or "kernel_info_reply":
                _reply = CellEnd.Of(content);
                EndWhenDone();
                break;
            case "input_request":
                End(new CellEnd(CellEndKind.AskedForInput));
                break;
        }
    }

    /// <summary>A message was too large to be taken. Which one it was is not known; it is this cell's, most likely.</summary>
    public void Drop(long bytes) => output?.Drop(bytes);

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
    private void TakeStream(JsonElement content)
    {
        if (content.Member("text") is not { ValueKind: JsonValueKind.String } text)
        {
            return;
        }

        OutputStream stream = content.Text("name") == "stderr" ? OutputStream.StandardError : OutputStream.StandardOutput;
        Utf8JsonReader reader = new(JsonMarshal.GetRawUtf8Value(text));
        reader.Read();
        byte[] unescaped = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            output?.Write(stream, unescaped.AsSpan(0, reader.CopyString(unescaped)));
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, which no text can hold.
            output?.Drop(reader.ValueSpan.Length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(unescaped);
        }
    }

    /// <summary>Gets a traceback, or what the kernel has in its place, with its terminal colours.</summary>
    private static string Traceback(JsonElement error)
    {
        string lines = error.Member("traceback") is { ValueKind: JsonValueKind.Array } array
            ? string.Join('\n', array.EnumerateArray().Where(l => l.ValueKind == JsonValueKind.String).Select(l => l.Text()))
            : "";
        return lines.Length > 0 ? lines : $"{error.Text("ename")}: {error.Text("evalue")}";
    }
}

/// <summary>How a cell ended.</summary>
/// <param name="Kind">In which way.</param>
/// <param name="ErrorName">The kind of error, such as <c>ZeroDivisionError</c>; empty if there was no error.</param>
/// <param name="ErrorValue">What the error says.</param>
internal sealed record CellEnd(CellEndKind Kind, string ErrorName = "", string ErrorValue = "")
{
    public static CellEnd Of(JsonElement reply)
    {
        bool leaves = reply.Member("payload") is { ValueKind: JsonValueKind.Array } payloads
            && payloads.EnumerateArray().Any(p => p.Text("source") == "ask_exit");
        return reply.Text("status") != "ok" ? new(CellEndKind.Failed, reply.Text("ename") ?? "", reply.Text("evalue") ?? "")
            : new(leaves ? CellEndKind.KernelLeaves : CellEndKind.Succeeded);
    }
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
