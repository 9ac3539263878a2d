using System.Buffers.Binary;
using System.Text.Json;

namespace Glovebox.Jupyter.Client;

/// <summary>Writes messages to a kernel, all of them on its channel <c>shell</c>.</summary>
internal static class KernelMessageWriter
{
    private const string ProtocolVersion = "5.3";

    /// <summary>Makes a header's JSON.</summary>
    public static byte[] Header(string messageId, string session, string type, DateTimeOffset now) => JsonSerializer.SerializeToUtf8Bytes(
        new MessageHeader(
            messageId, session, "glovebox", now.UtcDateTime.ToString("O"), type, ProtocolVersion), JupyterJson.Default.MessageHeader);

    /// <summary>Makes a message of the subprotocol, see <see cref="KernelMessage.ReadParts"/>.</summary>
    public static byte[] Parts(ReadOnlySpan<byte> header, ReadOnlySpan<byte> content)
    {
        ReadOnlySpan<byte> channel = "shell"u8, empty = "{}"u8;
        Span<byte> offsets = stackalloc byte[sizeof(ulong) * 7];
        int at = offsets.Length, index = 0;
        BinaryPrimitives.WriteUInt64LittleEndian(offsets, 6);
        foreach (int size in (ReadOnlySpan<int>)[0, channel.Length, header.Length, empty.Length, empty.Length, content.Length])
        {
            at += size;
            BinaryPrimitives.WriteUInt64LittleEndian(offsets[(sizeof(ulong) * ++index)..], (ulong)at);
        }

        return [.. offsets, .. channel, .. header, .. empty, .. empty, .. content];
    }

    /// <summary>Makes a message that is one JSON object.</summary>
    public static byte[] Object(ReadOnlySpan<byte> header, ReadOnlySpan<byte> content) =>
    [
        .. """{"channel":"shell","parent_header":{},"metadata":{},"buffers":[],"header":"""u8, .. header,
        .. ""","content":"""u8, .. content,
        .. "}"u8,
    ];
}
