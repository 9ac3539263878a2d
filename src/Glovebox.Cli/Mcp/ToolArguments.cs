using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Glovebox.Cli.Output;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Glovebox.Cli.Mcp;

/// <summary>Checks the arguments of a tool's call. By hand, because the SDK passes over unknown arguments and does not tell the model
/// which one is missing or malformed.</summary>
internal static class ToolArguments
{
    private const int LongestSession = 64;

    /// <summary>Gets the options by which the SDK reads arguments and describes results.</summary>
    public static JsonSerializerOptions SerializerOptions { get; } = new(McpJsonUtilities.DefaultOptions)
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(
            ToolArgumentsContext.Default, ReportContext.Default, McpJsonUtilities.DefaultOptions.TypeInfoResolver),
    };

    /// <param name="tool">The tool. What it requires are strings.</param>
    /// <param name="given">The arguments, or null.</param>
    /// <exception cref="McpException">An argument is missing, unknown or malformed. The message is for the model.</exception>
    public static void Check(Tool tool, IDictionary<string, JsonElement>? given)
    {
        IDictionary<string, JsonElement> arguments = given ?? new Dictionary<string, JsonElement>();
        JsonElement parameters = tool.InputSchema.GetProperty("properties");
        foreach ((string name, JsonElement value) in arguments)
        {
            if (!parameters.TryGetProperty(name, out JsonElement parameter))
            {
                throw new McpException($"The tool {tool.Name} has no argument '{TerminalText.Line(name)}'.");
            }

            if (value.ValueKind != JsonValueKind.Null && !Fits(parameter.GetProperty("type"), value))
            {
                throw new McpException($"The argument '{name}' must be {Described(parameter.GetProperty("type"))}.");
            }
        }

        IEnumerable<JsonElement> required =
            tool.InputSchema.TryGetProperty("required", out JsonElement names) ? names.EnumerateArray() : [];
        foreach (string name in required.Select(r => r.GetString()!))
        {
            if (!arguments.TryGetValue(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            {
                throw new McpException($"The argument '{name}' is missing: give a string.");
            }
        }

        if (arguments.TryGetValue("session", out JsonElement session) && session.ValueKind != JsonValueKind.Null
            && !IsSessionName(session.GetString()!))
        {
            throw new McpException(
                "The argument 'session' must be a name of at most 64 letters, digits, dots, underscores and hyphens "
                + "that begins with a letter or digit.");
        }
    }

    /// <summary>Whether a value has the type of a schema: a name, or several.</summary>
    private static bool Fits(JsonElement type, JsonElement value) => Type(type) switch
    {
        "number" => value.ValueKind == JsonValueKind.Number,
        "array" => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String),
        "object" => value.ValueKind == JsonValueKind.Object
            && value.EnumerateObject().All(p => p.Value.ValueKind == JsonValueKind.String),
        _ => value.ValueKind == JsonValueKind.String,
    };

    private static string Described(JsonElement type) => Type(type) switch
    {
        "number" => "a number",
        "array" => "a list of strings",
        "object" => "an object of strings",
        _ => "a string",
    };

    private static string Type(JsonElement type) => type.ValueKind == JsonValueKind.String
        ? type.GetString()!
        : type.EnumerateArray().Select(t => t.GetString()!).First(t => t != "null");

    private static bool IsSessionName(string name) =>
        name.Length is > 0 and <= LongestSession
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}

[JsonSerializable(typeof(double?))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class ToolArgumentsContext : JsonSerializerContext;
