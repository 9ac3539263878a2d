using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Glovebox.Execution.Displays;

/// <summary>Reads what a kernel said without trusting its shape.</summary>
internal static class JsonElements
{
    /// <summary>Gets a property of an object; null when this is not an object, or has no such property.</summary>
    public static JsonElement? Member(this JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        try
        {
            return element.TryGetProperty(name, out JsonElement value) ? value : null;
        }
        catch (InvalidOperationException)
        {
            // The name of another property is no text.
            return element.EnumerateObject().Where(p => p.NameText() == name).Select(p => (JsonElement?)p.Value).LastOrDefault();
        }
    }

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

    /// <summary>Gets the name of a property, as <see cref="Text(JsonElement)"/> gets a string.</summary>
    public static string NameText(this JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8PropertyName(property));
        }
    }
}
