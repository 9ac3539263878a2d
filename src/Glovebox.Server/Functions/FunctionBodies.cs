using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glovebox.Server.Functions;

/// <summary>A function of the client, as it is named when a session begins.</summary>
internal sealed record FunctionBody
{
    public required string Name { get; set; }

    public string Description { get; set; } = "";

    /// <summary>A JSON schema of an object.</summary>
    public JsonElement? Parameters { get; set; }
}

/// <summary>Where calls go; without it, they are events of the session.</summary>
internal sealed record CallbackBody
{
    public required string Url { get; set; }

    public string? Secret { get; set; }
}

/// <summary>What the client answers to a call: one of the two.</summary>
internal sealed record AnswerBody
{
    public JsonElement? Result { get; set; }

    public string? Error { get; set; }
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AnswerBody))]
internal sealed partial class FunctionJson : JsonSerializerContext;
