using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;

namespace Glovebox.Cli.Mcp;

/// <summary>The tools as a client sees them.</summary>
internal static class CodeToolDefinitions
{
    public const string RunCode = "run_code";
    public const string WriteFile = "write_file";
    public const string ReadFile = "read_file";
    public const string ListFiles = "list_files";
    public const string ResetSession = "reset_session";

    public const string SessionPattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

    public static IReadOnlyList<Tool> All { get; } =
    [
        new()
        {
            Name = RunCode,
            Title = "Run code",
            Description = "Runs a program in a session's sandbox and gives what it printed, its exit code, and the pictures that it made. Files in the current directory stay for later calls of the session; variables do not. Progress notifications carry the output as it comes.",
            InputSchema = Schema(
                ("language", Text($"The language: {string.Join(", ", CodeLanguage.Defaults.Select(l => l.Name))}.")),
                ("code", Text("The whole source text.")),
                Session()),
            Annotations = new() { Title = "Run code", ReadOnlyHint = false, DestructiveHint = true, IdempotentHint = false, OpenWorldHint = true },
        },
        new()
        {
            Name = WriteFile,
            Title = "Write a file",
            Description = "Writes a file into a session's directory; one that is there is replaced.",
            InputSchema = Schema(
                Path(),
                ("content", Text("The content: text, or Base64 where encoding says so.")),
                ("encoding?", Text("Default: utf-8.", ("enum", new JsonArray("utf-8", "base64")))),
                Session()),
            Annotations = new() { Title = "Write a file", ReadOnlyHint = false, DestructiveHint = true, IdempotentHint = true, OpenWorldHint = false },
        },
        new()
        {
            Name = ReadFile,
            Title = "Read a file",
            Description = "Reads a file of a session's directory: text as text, a picture as a picture, anything else as data.",
            InputSchema = Schema(Path(), Session()),
            Annotations = new() { Title = "Read a file", ReadOnlyHint = true, OpenWorldHint = false },
        },
        new()
        {
            Name = ListFiles,
            Title = "List files",
            Description = "Lists the files of a session's directory with their sizes.",
            InputSchema = Schema(Session()),
            Annotations = new() { Title = "List files", ReadOnlyHint = true, OpenWorldHint = false },
        },
        new()
        {
            Name = ResetSession,
            Title = "Reset a session",
            Description = "Ends a session: what runs in it is killed and its files are deleted. Its name can be used again.",
            InputSchema = Schema(Session()),
            Annotations = new() { Title = "Reset a session", ReadOnlyHint = false, DestructiveHint = true, IdempotentHint = true, OpenWorldHint = false },
        },
    ];

    private static (string, JsonObject) Session() => (
        "session", Text("The session's name, of your choice: letters, digits, dot, underscore, hyphen.", ("pattern", SessionPattern)));

    private static (string, JsonObject) Path() => ("path", Text("Relative to the session's directory, such as data/input.csv."));

    private static JsonObject Text(string description, params ReadOnlySpan<(string Name, JsonNode Value)> further)
    {
        JsonObject text = new() { ["type"] = "string", ["description"] = description };
        foreach ((string name, JsonNode value) in further)
        {
            text[name] = value;
        }

        return text;
    }

    /// <summary>The schema of an object. A name that ends in a question mark may be left out.</summary>
    private static JsonElement Schema(params ReadOnlySpan<(string Name, JsonObject Schema)> arguments)
    {
        JsonObject properties = [];
        JsonArray required = [];
        foreach ((string name, JsonObject schema) in arguments)
        {
            properties[name.TrimEnd('?')] = schema;
            if (!name.EndsWith('?'))
            {
                required.Add((JsonNode)name);
            }
        }

        JsonObject whole = new() { ["type"] = "object", ["properties"] = properties, ["required"] = required, ["additionalProperties"] = false };
        using JsonDocument document = JsonDocument.Parse(whole.ToJsonString());
        return document.RootElement.Clone();
    }
}
