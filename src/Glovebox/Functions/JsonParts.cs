using System.Text.Json;

namespace Glovebox.Functions;

/// <summary>Reads JSON schemas, which may hold anything.</summary>
internal static class JsonParts
{
    /// <summary>Gets a property of a JSON object, if it is there and of a kind.</summary>
    public static bool TryGet(this JsonElement element, string name, JsonValueKind kind, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value) && value.ValueKind == kind;
    }
}
