using System.Reflection;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Extensions.AI;

namespace Glovebox.Functions.Calls;

/// <summary>Reads the arguments of a call, and compares them with the function's schema as far as its outermost level.</summary>
/// <remarks>What goes wrong here can be told to guest code in full: it is about nothing but the schema, which it knows, and what it
/// sent.</remarks>
internal static class ArgumentCheck
{
    private const int MaxDepth = 64;

    /// <summary>How much of a name is repeated in an answer. It waits in memory until guest code reads it, so guest code may not make it
    /// long.</summary>
    private const int MaxShownName = 100;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <param name="function">The function.</param>
    /// <param name="json">What guest code sent.</param>
    /// <param name="arguments">Gets the arguments.</param>
    /// <returns>Why they are refused, or null.</returns>
    public static CallFailure? Read(AIFunction function, ReadOnlySpan<byte> json, AIFunctionArguments arguments)
    {
        JsonElement given;
        try
        {
            if (!IsText(json))
            {
                return CallFailure.NotText;
            }

            given = JsonElement.Parse(json, Strict);
        }
        catch (JsonException)
        {
            return CallFailure.NotJson;
        }

        if (given.ValueKind != JsonValueKind.Object)
        {
            return CallFailure.NotJson;
        }

        JsonElement schema = function.JsonSchema;
        bool isNamed = schema.TryGet("properties", JsonValueKind.Object, out JsonElement properties);
        bool isOpen = !isNamed
            || (schema.TryGetProperty("additionalProperties", out JsonElement more) && more.ValueKind != JsonValueKind.False);
        foreach (JsonProperty argument in given.EnumerateObject())
        {
            JsonElement parameter = default;
            if (isNamed && !properties.TryGetProperty(argument.Name, out parameter) && !isOpen)
            {
                return Invalid($"there is no parameter '{Shown(argument.Name)}'");
            }

            if (!Fits(argument.Value, parameter))
            {
                return Invalid($"'{Shown(argument.Name)}' is of another type than {TypesOf(parameter)}");
            }

            arguments[argument.Name] = argument.Value;
        }

        return schema.TryGet("required", JsonValueKind.Array, out JsonElement required)
            && required.EnumerateArray().FirstOrDefault(IsMissing) is { ValueKind: JsonValueKind.String } missing
            ? Invalid($"'{missing.GetString()}' is missing")
            : null;

        bool IsMissing(JsonElement name) => name.ValueKind == JsonValueKind.String && !arguments.ContainsKey(name.GetString()!);
    }

    /// <summary>Finds the argument on account of which a call failed, if it was one: those that the schema lets through and the method's
    /// types do not, such as a number that is too large or the name of no enumeration's value.</summary>
    /// <remarks>Asked only after a call has failed. The function may read its arguments in a way of its own, so what does not convert here
    /// is no fault as long as the function takes it.</remarks>
    public static CallFailure? FindUnconvertible(AIFunction function, AIFunctionArguments arguments)
    {
        foreach (ParameterInfo parameter in function.UnderlyingMethod?.GetParameters() ?? [])
        {
            if (parameter.Name is not { } name || !arguments.TryGetValue(name, out object? given) || given is not JsonElement value)
            {
                continue;
            }

            try
            {
                _ = value.Deserialize(function.JsonSerializerOptions.GetTypeInfo(parameter.ParameterType));
            }
            catch (JsonException e)
            {
                // The message names the host's types. The path names what guest code sent.
                string place = e.Path is { Length: > 1 } path ? $" at {Shown(path)}" : "";
                return Invalid($"'{Shown(name)}' cannot be converted{place}: it does not fit the parameter's type");
            }
            catch (Exception e) when (e is NotSupportedException or InvalidOperationException or ArgumentException)
            {
                // Not a type that is read from JSON.
            }
        }

        return null;
    }

    private static string Shown(string name) => name.Length <= MaxShownName ? name : name[..MaxShownName] + "…";

    /// <summary>Whether a string can hold every text in JSON. JSON may have bytes that are not UTF-8, and an escape that is half of a
    /// surrogate pair; a function that reads such a text gets an exception, and so does a check that compares a name.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    private static bool IsText(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return false;
        }

        if (json.IndexOf("\\u"u8) < 0)
        {
            return true;
        }

        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (reader.Read())
            {
                _ = reader.ValueIsEscaped ? reader.GetString() : null;
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static CallFailure Invalid(string what) => new("invalid-arguments", what);

    private static bool Fits(JsonElement value, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("type", out JsonElement type))
        {
            return true;
        }

        return type.ValueKind switch
        {
            JsonValueKind.String => Is(value, type.GetString()!),
            JsonValueKind.Array => type.EnumerateArray().Any(t => Is(value, t.ToString())),
            _ => true,
        };
    }

    private static bool Is(JsonElement value, string type) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetRawText().AsSpan().IndexOfAny(".eE") < 0,
        "number" => value.ValueKind == JsonValueKind.Number,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => true,
    };

    private static string TypesOf(JsonElement schema)
    {
        JsonElement type = schema.GetProperty("type");
        return type.ValueKind == JsonValueKind.Array
            ? string.Join(" or ", type.EnumerateArray().Select(t => t.ToString()))
            : type.ToString();
    }
}
