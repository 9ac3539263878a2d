using System.Text.Json;
using Glovebox.Cli.Output;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Glovebox.Cli.Mcp;

/// <summary>Checks the arguments of a tool's call. By hand, because the SDK passes over unknown arguments and does not tell the model
/// which one is missing or malformed.</summary>
internal static class ToolArguments
{
    private const int LongestSession = 64;

    /// <param name="tool">The tool. All its parameters are strings.</param>
    /// <param name="given">The arguments, or null.</param>
    /// <exception cref="McpException">An argument is missing, unknown or malformed. The message is for the model.</exception>
    public static void Check(Tool tool, IDictionary<string, JsonElement>? given)
    {
        IDictionary<string, JsonElement> arguments = given ?? new Dictionary<string, JsonElement>();
        JsonElement parameters = tool.InputSchema.GetProperty("properties");
        foreach ((string name, JsonElement value) in arguments)
        {
            if (!parameters.TryGetProperty(name, out _))
            {
                throw new McpException($"The tool {tool.Name} has no argument '{TerminalText.Line(name)}'.");
            }

            if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
            {
                throw new McpException($"The argument '{name}' must be a string.");
            }
        }

        foreach (JsonElement required in tool.InputSchema.GetProperty("required").EnumerateArray())
        {
            string name = required.GetString()!;
            if (!arguments.TryGetValue(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            {
                throw new McpException($"The argument '{name}' is missing: give a string.");
            }
        }

        if (!IsSessionName(arguments["session"].GetString()!))
        {
            throw new McpException(
                "The argument 'session' must be a name of at most 64 letters, digits, dots, underscores and hyphens "
                + "that begins with a letter or digit.");
        }
    }

    private static bool IsSessionName(string name) =>
        name.Length is > 0 and <= LongestSession
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
