using System.Buffers.Binary;
using System.Text.Json;
using Glovebox.Execution.Displays;

namespace Glovebox.Jupyter.Client;

/// <summary>A message of a kernel. It reads from the buffer in which it came: it is valid only while that is left alone.</summary>
internal sealed class KernelMessage : IDisposable
{
    /// <summary>The subprotocol that sends the parts of a message apart, after their offsets.</summary>
    public const string SubProtocol = "v1.kernel.websocket.jupyter.org";

    private const int Offsets = 6;

    private static readonly JsonDocumentOptions Parsing = new() { MaxDepth = 256 };

    private readonly JsonDocument _document;

    private KernelMessage(JsonDocument document, JsonElement? header, JsonElement? parent, JsonElement? content)
    {
        _document = document;
        Type = header?.Text("msg_type") ?? "";
        ParentId = parent?.Text("msg_id") ?? "";
        Content = content ?? default;
    }

    /// <summary>What it is: <c>stream</c>, <c>execute_reply</c>, …</summary>
    public string Type { get; }

    /// <summary>The message that it answers or belongs to; empty if it belongs to none.</summary>
    public string ParentId { get; }

    public JsonElement Content { get; }

    /// <summary>Reads a message of the subprotocol: the number of offsets, the offsets of the channel, the header, the parent's header, the
    /// metadata and the content, and where that ends. The kernel is hostile: every offset is checked.</summary>
    /// <exception cref="JsonException">The message is malformed.</exception>
    public static KernelMessage ReadParts(ReadOnlyMemory<byte> data)
    {
        int[] at = new int[Offsets + 1];
        for (int i = 0; i <= Offsets; i++)
        {
            (int least, int most) = i == 0 ? (Offsets, data.Length / sizeof(ulong)) : (i == 1 ? 0 : at[i - 1], data.Length);
            ulong value = data.Length < (i + 1) * sizeof(ulong) ? ulong.MaxValue
                : BinaryPrimitives.ReadUInt64LittleEndian(data.Span[(i * sizeof(ulong))..]);
            at[i] = value <= (ulong)most && (int)value >= least ? (int)value
                : throw new JsonException("An offset leads out of the message.");
        }

        using JsonDocument header = JsonDocument.Parse(data[at[2]..at[3]], Parsing);
        using JsonDocument parent = JsonDocument.Parse(data[at[3]..at[4]], Parsing);
        JsonDocument content = JsonDocument.Parse(data[at[5]..at[6]], Parsing);
        return new KernelMessage(content, header.RootElement, parent.RootElement, content.RootElement);
    }

    /// <summary>Reads a message that is one JSON object.</summary>
    /// <exception cref="JsonException">The message is malformed.</exception>
    public static KernelMessage ReadObject(ReadOnlyMemory<byte> data)
    {
        JsonDocument document = JsonDocument.Parse(data, Parsing);
        JsonElement root = document.RootElement;
        return root.ValueKind == JsonValueKind.Object
            ? new KernelMessage(document, root.Member("header"), root.Member("parent_header"), root.Member("content"))
            : throw new JsonException("A message is not an object.");
    }

    public void Dispose() => _document.Dispose();
}
