using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Glovebox.Jupyter.Client;

/// <summary>Writes messages to a kernel.</summary>
internal static class KernelMessageWriter
{
    private const string ProtocolVersion = "5.3";

    private static ReadOnlySpan<byte> Empty => "{}"u8;

    /// <summary>Makes a header's JSON.</summary>
    public static byte[] Header(string messageId, string session, string type, DateTimeOffset now) => JsonSerializer.SerializeToUtf8Bytes(
        new MessageHeader(
            messageId, session, "glovebox", now.UtcDateTime.ToString("O"), type, ProtocolVersion), JupyterJson.Default.MessageHeader);

    /// <summary>Makes a message of the subprotocol: offsets, then the channel, header, parent, metadata and content.</summary>
    public static byte[] Parts(string channel, ReadOnlySpan<byte> header, ReadOnlySpan<byte> content)
    {
        const int Offsets = 6;
        int at = sizeof(long) * (Offsets + 1);
        byte[] message = new byte[at + Encoding.UTF8.GetByteCount(channel) + header.Length + (2 * Empty.Length) + content.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(message, Offsets);
        int index = 1;
        WriteOffset(message);
        at += Encoding.UTF8.GetBytes(channel, message.AsSpan(at));
        WriteOffset(message);
        Append(message, header);
        Append(message, Empty);
        Append(message, Empty);
        Append(message, content);
        return message;

        void WriteOffset(byte[] into) => BinaryPrimitives.WriteUInt64LittleEndian(into.AsSpan(sizeof(long) * index++), (ulong)at);

        void Append(byte[] into, ReadOnlySpan<byte> part)
        {
            part.CopyTo(into.AsSpan(at));
            at += part.Length;
            WriteOffset(into);
        }
    }

    /// <summary>Makes a message that is one JSON object.</summary>
    public static byte[] Object(string channel, ReadOnlySpan<byte> header, ReadOnlySpan<byte> content)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("channel", channel);
            Raw(writer, "header", header);
            Raw(writer, "parent_header", Empty);
            Raw(writer, "metadata", Empty);
            Raw(writer, "content", content);
            writer.WriteStartArray("buffers");
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return stream.ToArray();

        static void Raw(Utf8JsonWriter writer, string name, ReadOnlySpan<byte> json)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(json, skipInputValidation: true);
        }
    }
}
