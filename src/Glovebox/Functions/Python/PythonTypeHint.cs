using System.Text.Json;

namespace Glovebox.Functions.Python;

/// <summary>Says a JSON schema as a Python type.</summary>
internal static class PythonTypeHint
{
    private const string Anything = "Any";

    /// <summary>A deeper hint is of no use to a reader, and a schema may refer to itself.</summary>
    private const int MaxDepth = 8;

    public static string Of(JsonElement schema) => Of(schema, 0);

    private static string Of(JsonElement schema, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > MaxDepth)
        {
            return Anything;
        }

        if (schema.TryGet("enum", JsonValueKind.Array, out JsonElement values)
            && values.EnumerateArray().All(v => v.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object)))
        {
            return $"Literal[{string.Join(", ", values.EnumerateArray().Select(PythonText.Literal))}]";
        }

        foreach (string keyword in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            if (schema.TryGet(keyword, JsonValueKind.Array, out JsonElement options))
            {
                return Union(options.EnumerateArray().Select(o => Of(o, depth + 1)));
            }
        }

        return !schema.TryGetProperty("type", out JsonElement type) ? Anything
            : type.ValueKind == JsonValueKind.String ? Named(type.GetString()!, schema, depth)
            : type.ValueKind == JsonValueKind.Array ? Union(type.EnumerateArray().Select(t => Named(t.ToString(), schema, depth)))
            : Anything;
    }

    private static string Named(string type, JsonElement schema, int depth) => type switch
    {
        "string" => "str",
        "integer" => "int",
        "number" => "float",
        "boolean" => "bool",
        "null" => "None",
        "array" => schema.TryGetProperty("items", out JsonElement items) ? $"list[{Of(items, depth + 1)}]" : "list",
        "object" => schema.TryGet("additionalProperties", JsonValueKind.Object, out JsonElement values)
            ? $"dict[str, {Of(values, depth + 1)}]"
            : "dict[str, Any]",
        _ => Anything,
    };

    private static string Union(IEnumerable<string> hints)
    {
        string[] distinct = [.. hints.Distinct(StringComparer.Ordinal)];
        return distinct.Length == 0 || distinct.Contains(Anything) ? Anything : string.Join(" | ", distinct.OrderBy(h => h == "None"));
    }
}
