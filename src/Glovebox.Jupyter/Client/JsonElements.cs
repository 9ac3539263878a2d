using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Glovebox.Jupyter.Client;

/// <summary>Reads what a kernel said without trusting its shape.</summary>
internal static class JsonElements
{
    /// <summary>Gets a property of an object; null when this is not an object, or has no such property.</summary>
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : null;

    /// <summary>Gets a property that is a string, or null.</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.String } value ? value.Text() : null;

    /// <summary>Gets a string. One that holds what no text can, such as half of a surrogate pair, is given as it came, with its
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
