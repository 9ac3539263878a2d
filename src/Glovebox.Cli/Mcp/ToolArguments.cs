using System.Text.Json;
using System.Text.RegularExpressions;

namespace Glovebox.Cli.Mcp;

/// <summary>The arguments of a tool's call.</summary>
internal sealed partial class ToolArguments(IDictionary<string, JsonElement>? arguments)
{
    /// <exception cref="ToolException">It is missing or no text.</exception>
    public string Text(string name) => OptionalText(name) ?? throw new ToolException($"The argument '{name}' is missing: give a string.");

    /// <exception cref="ToolException">It is no text.</exception>
    public string? OptionalText(string name)
    {
        if (arguments is null || !arguments.TryGetValue(name, out JsonElement value) || value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : throw new ToolException($"The argument '{name}' must be a string.");
    }

    /// <summary>The session's name.</summary>
    /// <exception cref="ToolException">It is missing or no name.</exception>
    public string Session()
    {
        string name = Text("session");
        return SessionName().IsMatch(name)
            ? name
            : throw new ToolException("The argument 'session' must be a name of at most 64 letters, digits, dots, underscores and hyphens that begins with a letter or digit.");
    }

    // The dollar sign of .NET would let a line feed in at the end, that of JSON Schema does not.
    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\\z")]
    private static partial Regex SessionName();
}

/// <summary>Something that the model can put right, in words for it.</summary>
internal sealed class ToolException(string message) : Exception(message);
