using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Glovebox.Jupyter.Client;

/// <summary>A message of a kernel, in the buffer in which it came: valid only while it is handled.</summary>
/// <param name="Channel">The kernel's channel: <c>iopub</c>, <c>shell</c>, …</param>
/// <param name="Type">What it is: <c>stream</c>, <c>execute_reply</c>, …</param>
/// <param name="ParentId">The message that it answers or belongs to; empty for none.</param>
/// <param name="Content">JSON.</param>
internal readonly record struct KernelMessage(string Channel, string Type, string ParentId, ReadOnlyMemory<byte> Content)
{
    /// <summary>The subprotocol that sends the parts of a message apart, so that they need not be parsed to be told apart.</summary>
    public const string SubProtocol = "v1.kernel.websocket.jupyter.org";

    /// <summary>How deep the JSON of a kernel may be.</summary>
    public static readonly JsonDocumentOptions Parsing = new() { MaxDepth = 256 };

    private const int Parts = 6;

    /// <summary>Reads a message of the subprotocol. The kernel is hostile: every offset is checked.</summary>
    /// <exception cref="FormatException">The message is malformed.</exception>
    public static KernelMessage ReadParts(ReadOnlyMemory<byte> data)
    {
        int count = Offset(data, 0);
        if (count < Parts || count > data.Length / sizeof(long))
        {
            throw new FormatException("A message has an impossible number of parts.");
        }

        return Make(
            Encoding.UTF8.GetString(Part(data, 1).Span),
            header: Part(data, 2),
            parent: Part(data, 3),
            content: Part(data, 5));
    }

    /// <summary>Reads a message that is one JSON object.</summary>
    /// <exception cref="FormatException">The message is malformed.</exception>
    public static KernelMessage ReadObject(ReadOnlyMemory<byte> data)
    {
        ReadOnlyMemory<byte> header = default, parent = default, content = default;
        string channel = "";
        try
        {
            Utf8JsonReader reader = new(data.Span, new JsonReaderOptions { MaxDepth = Parsing.MaxDepth });
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new FormatException("A message is not an object.");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                int start = (int)reader.TokenStartIndex;
                if (name == "channel" && reader.TokenType == JsonTokenType.String)
                {
                    channel = reader.GetString()!;
                    continue;
                }

                reader.Skip();
                ReadOnlyMemory<byte> value = data[start..(int)reader.BytesConsumed];
                switch (name)
                {
                    case "header":
                        header = value;
                        break;
                    case "parent_header":
                        parent = value;
                        break;
                    case "content":
                        content = value;
                        break;
                }
            }
        }
        catch (JsonException e)
        {
            throw new FormatException("A message is not JSON.", e);
        }

        return Make(channel, header, parent, content);
    }

    private static KernelMessage Make(
        string channel, ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> parent, ReadOnlyMemory<byte> content) =>
        new(channel, Text(header, "msg_type"), Text(parent, "msg_id"), content);

    private static string Text(ReadOnlyMemory<byte> json, string property)
    {
        if (json.IsEmpty)
        {
            return "";
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Parsing);
            return document.RootElement.Text(property) ?? "";
        }
        catch (JsonException e)
        {
            throw new FormatException("A part of a message is not JSON.", e);
        }
    }

    private static ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> data, int index)
    {
        int start = Offset(data, index), end = Offset(data, index + 1);
        return start <= end && end <= data.Length ? data[start..end] : throw new FormatException("A part of a message is outside of it.");
    }

    private static int Offset(ReadOnlyMemory<byte> data, int index)
    {
        int at = index * sizeof(long);
        if (at + sizeof(long) > data.Length)
        {
            throw new FormatException("A message is too short.");
        }

        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(data.Span[at..]);
        return value <= int.MaxValue ? (int)value : throw new FormatException("A part of a message is outside of it.");
    }
}
