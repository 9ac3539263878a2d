using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Glovebox.Jupyter.Client;

/// <summary>Reads what a kernel said without trusting its shape.</summary>
internal static class JsonElements
{
    /// <summary>Gives a property of an object; null when this is no object or has none of that name.</summary>
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : null;

    /// <summary>Gives a property that is a string, or null.</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.String } value ? value.Text() : null;

    /// <summary>Gives a string. One that holds what no text can, half of a surrogate pair for one, is given as it came, with its
    /// escapes.</summary>
    public static string Text(this JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(text)[1..^1]);
        }
    }
}
