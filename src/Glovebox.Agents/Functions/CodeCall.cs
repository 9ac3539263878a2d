using System.Text.Json;
using System.Text.Json.Nodes;

namespace Glovebox.Agents.Functions;

/// <summary>The arguments by which a model asks to run code.</summary>
internal static class CodeCall
{
    public const string Code = "code";
    public const string Language = "language";

    /// <summary>Reads the arguments. Whether the language is taken, <see cref="TryTake"/> says.</summary>
    /// <param name="arguments">As the model gave them: strings, or JSON.</param>
    /// <param name="languages">The languages that it may use; none means any, one means that it need not say.</param>
    /// <param name="block">What it asks for.</param>
    /// <param name="error">What is wrong, for the model.</param>
    public static bool TryRead(
        IEnumerable<KeyValuePair<string, object?>> arguments, IReadOnlyList<string> languages, out CodeBlock block, out string error)
    {
        string? code = null;
        string? language = languages.Count == 1 ? languages[0] : null;
        foreach ((string name, object? value) in arguments)
        {
            if (name == Code)
            {
                code = Text(value);
            }
            else if (name == Language && languages.Count != 1)
            {
                language = Text(value);
            }
        }

        block = new CodeBlock(language ?? "", code ?? "");
        error = string.IsNullOrWhiteSpace(code) ? "Nothing was run: the argument 'code' is missing. Give the whole source text as a string."
            : string.IsNullOrWhiteSpace(language) ? "Nothing was run: the argument 'language' is missing. Name the language of the code."
            : "";
        return error.Length == 0;
    }

    /// <summary>Whether a block may run, and under which name: what a language is called is compared, not how the model spelled
    /// it.</summary>
    /// <param name="given">What the model asks for.</param>
    /// <param name="languages">The languages that it may use; none means any.</param>
    /// <param name="known">The executor's languages.</param>
    /// <param name="isExact">Whether only one spelling is taken, because the call was approved as it was written.</param>
    /// <param name="block">What to run, under its language's canonical name.</param>
    /// <param name="error">What is wrong, for the model.</param>
    public static bool TryTake(
        CodeBlock given, IReadOnlyList<string> languages, LanguageRegistry known, bool isExact, out CodeBlock block, out string error)
    {
        CodeBlock? named = known.Canonical(given);
        block = named ?? given;
        string name = block.Language;
        bool isTaken = isExact
            ? (languages.Count > 0 ? languages.Contains(given.Language, StringComparer.Ordinal) : name == given.Language && named is not null)
            : languages.Count == 0 || languages.Any(l => (known.Find(l)?.Name ?? l).Equals(name, StringComparison.OrdinalIgnoreCase));
        string use = languages.Count > 0 ? string.Join(", ", languages) : named?.Language ?? "the name of a language that is known";
        error = isTaken ? "" : $"Nothing was run: code in '{WorkspacePath.Printable(given.Language)}' is not taken. Use {use}.";
        return isTaken;
    }

    /// <summary>What the model reads of a function that runs code.</summary>
    public static string Describe(IReadOnlyList<string> languages)
    {
        string what = languages switch
        {
            [] => "code (python, bash, sh and others)",
            [var one] => one + " code",
            _ => "code in one of: " + string.Join(", ", languages),
        };
        return $"Runs {what} and gives what it printed. Files in the current directory stay from call to call; do not rely on variables of an earlier call. "
            + "Print what you want to see. Save plots and results as files.";
    }

    /// <summary>The JSON schema of the arguments.</summary>
    public static JsonElement Schema(IReadOnlyList<string> languages)
    {
        JsonObject properties = new() { [Code] = Property("The source text to run.") };
        JsonArray required = [Code];
        if (languages.Count != 1)
        {
            JsonObject language = Property(
                languages.Count == 0 ? "The language of the code: python, bash, sh, …" : "The language of the code.");
            if (languages.Count > 0)
            {
                language["enum"] = new JsonArray([.. languages.Select(l => JsonValue.Create(l))]);
            }

            properties[Language] = language;
            required.Add((JsonNode)Language);
        }

        JsonObject schema = new()
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = required,
            ["additionalProperties"] = false,
        };
        using JsonDocument document = JsonDocument.Parse(schema.ToJsonString());
        return document.RootElement.Clone();
    }

    private static JsonObject Property(string description) => new() { ["type"] = "string", ["description"] = description };

    private static string? Text(object? value) => value switch
    {
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString(),
        _ => null,
    };
}
