using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Glovebox;

/// <summary>Updates as JSON: to send them over a network, or to keep them. Works with ahead-of-time compilation.</summary>
/// <remarks>
/// <para>An update is an object: <c>{"type":"output","stream":"StandardOutput","text":"1\n","rawText":null,"blockIndex":0}</c>. Its types
/// are <c>block-started</c>, <c>output</c>, <c>output-cleared</c>, <c>display</c>, <c>function-called</c>,
/// <c>egress</c>, <c>file</c> and <c>block-completed</c>.</para>
/// <para>Reading fails with a <see cref="JsonException"/> (a <see cref="NotSupportedException"/> without <c>type</c>) when something is
/// missing or of another form.</para>
/// </remarks>
public static class CodeExecutionJson
{
    /// <summary>Gets how an update is written and read: <c>JsonSerializer.Serialize(update, CodeExecutionJson.Update)</c>.</summary>
    public static JsonTypeInfo<CodeExecutionUpdate> Update => UpdateJson.Default.CodeExecutionUpdate;

    /// <summary>Gets what to add to a <see cref="JsonSerializerOptions.TypeInfoResolverChain"/>, so that options of one's own know updates
    /// and <see cref="BlockResult"/>.</summary>
    public static IJsonTypeInfoResolver Resolver => UpdateJson.Default;
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CodeExecutionUpdate))]
[JsonSerializable(typeof(BlockResult))]
internal sealed partial class UpdateJson : JsonSerializerContext;

/// <summary>Writes a display's forms: text as a string, all else as base64.</summary>
internal sealed class DisplayDataConverter : JsonConverter<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>>
{
    public override IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Read(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("The data of a display is an object.");
        }

        Dictionary<string, ReadOnlyMemory<byte>> data = new(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string type = reader.GetString()!;
            if (!reader.Read() || reader.TokenType != JsonTokenType.String)
            {
                throw new JsonException($"A display's data of type '{type}' is a string.");
            }

            data[type] = IsText(type) ? System.Text.Encoding.UTF8.GetBytes(reader.GetString()!)
                : reader.TryGetBytesFromBase64(out byte[]? bytes) ? bytes
                : throw new JsonException($"A display's data of type '{type}' is not base64.");
        }

        return data;
    }

    public override void Write(
        Utf8JsonWriter writer, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach ((string type, ReadOnlyMemory<byte> data) in value)
        {
            if (IsText(type))
            {
                // Guest code may have made it: what is not UTF-8 is replaced.
                writer.WriteString(type, System.Text.Encoding.UTF8.GetString(data.Span));
            }
            else
            {
                writer.WriteBase64String(type, data.Span);
            }
        }

        writer.WriteEndObject();
    }

    private static bool IsText(string mediaType)
    {
        ReadOnlySpan<char> type = mediaType.AsSpan();
        int parameters = type.IndexOf(';');
        type = (parameters < 0 ? type : type[..parameters]).Trim();
        return type.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("/json", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("/xml", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+xml", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("/javascript", StringComparison.OrdinalIgnoreCase);
    }
}
