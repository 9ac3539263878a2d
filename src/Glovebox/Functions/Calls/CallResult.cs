using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Glovebox.Functions.Calls;

/// <summary>Writes what a function returned as JSON.</summary>
internal static class CallResult
{
    /// <summary>Like a reader of JSON in Python would, and unlike .NET: no text needs to be fit for HTML.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(object? result, JsonSerializerOptions options, IBufferWriter<byte> output)
    {
        using Utf8JsonWriter writer = new(output, Options);
        switch (result)
        {
            case null or JsonElement { ValueKind: JsonValueKind.Undefined }:
                writer.WriteNullValue();
                break;
            case JsonElement element:
                element.WriteTo(writer);
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case TextContent content:
                writer.WriteStringValue(content.Text);
                break;
            default:
                JsonSerializer.Serialize(writer, result, options.GetTypeInfo(result.GetType()));
                break;
        }
    }
}
