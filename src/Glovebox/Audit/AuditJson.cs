using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Glovebox.Audit;

/// <summary>Audit events as JSON. Works with ahead-of-time compilation.</summary>
/// <remarks>An event is one line: all but ASCII letters is escaped, so that what guest code chose forges no line and drives no
/// terminal.</remarks>
public static class AuditJson
{
    /// <summary>Gets how an event is written and read: <c>JsonSerializer.Serialize(auditEvent, AuditJson.Event)</c>.</summary>
    public static JsonTypeInfo<AuditEvent> Event => AuditEventJson.Default.AuditEvent;
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    GenerationMode = JsonSourceGenerationMode.Metadata,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(AuditEvent))]
internal sealed partial class AuditEventJson : JsonSerializerContext;
