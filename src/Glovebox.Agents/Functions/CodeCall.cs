using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.Functions;

/// <summary>The call by which a model asks to run code: what the model reads of it, its arguments, and its result.</summary>
/// <remarks>By hand, and not by <see cref="AIFunctionFactory"/>: the languages are known at run time only, and wrong arguments are answered
/// with what to do instead of an exception.</remarks>
internal sealed class CodeCall
{
    private const string Code = "code";
    private const string Language = "language";

    private readonly AttachmentLimits _attachments;
    private readonly int _maxTextLength;
    private readonly bool _isExact;
    private readonly string? _description;
    private readonly Func<bool?> _sharesState;

    /// <param name="languages">The languages that the model may use. Empty: any. One: the model need not name it.</param>
    /// <param name="description">What the model reads. Null: what the call does, in which languages, how files and state behave.</param>
    /// <param name="attachments">Limits the pictures and files of a result.</param>
    /// <param name="maxTextLength">The most characters of the text.</param>
    /// <param name="isExact">Whether a language is taken in one spelling only, because calls are approved as they are written.</param>
    /// <param name="sharesState">Whether variables stay from call to call, asked whenever the model is to read it; null: that is not known
    /// yet.</param>
    public CodeCall(
        IEnumerable<string> languages,
        string? description,
        AttachmentLimits attachments,
        int maxTextLength,
        Func<bool?> sharesState,
        bool isExact = false)
    {
        (_description, _sharesState) = (description, sharesState);
        Languages = [.. languages];
        if (Languages.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("A language's name must not be empty.", nameof(languages));
        }

        _attachments = attachments;
        _maxTextLength = maxTextLength;
        _isExact = isExact;
        Schema = MakeSchema();
    }

    public IReadOnlyList<string> Languages { get; }

    public string Description => _description ?? Describe();

    /// <summary>The JSON schema of the arguments.</summary>
    public JsonElement Schema { get; }

    /// <summary>Reads the arguments, whether or not their language is taken.</summary>
    /// <param name="arguments">As the model gave them: strings, or JSON.</param>
    /// <param name="block">What the model asks for.</param>
    /// <param name="error">What is wrong, for the model.</param>
    public bool TryRead(IDictionary<string, object?>? arguments, out CodeBlock block, out string error)
    {
        block = new CodeBlock(
            Languages.Count == 1 ? Languages[0] : Text(arguments, Language),
            MarkdownCodeBlocks.Unfence(Text(arguments, Code)));
        error = string.IsNullOrWhiteSpace(block.Code)
            ? "Nothing was run: the argument 'code' is missing. Give the whole source text as a string."
            : string.IsNullOrWhiteSpace(block.Language)
            ? "Nothing was run: the argument 'language' is missing. Name the language of the code."
            : "";
        return error.Length == 0;
    }

    /// <summary>Gives the arguments that ask for a block, as a model would write them.</summary>
    public Dictionary<string, object?> Write(CodeBlock block) =>
        Languages.Count == 1 ? new() { [Code] = block.Code } : new() { [Language] = block.Language, [Code] = block.Code };

    /// <summary>Runs a block, if its language is taken.</summary>
    /// <param name="asked">What the model asked for.</param>
    /// <param name="executor">Runs it.</param>
    /// <param name="isApproved">Whether the call was approved as it is written, and with it what its code calls.</param>
    /// <param name="cancellationToken">Kills the code.</param>
    /// <returns>What the model reads, and the pictures and files of the run.</returns>
    public async Task<(string Text, List<DataContent> Data)> RunAsync(
        CodeBlock asked, ICodeExecutor executor, bool isApproved, CancellationToken cancellationToken)
    {
        LanguageRegistry known = LanguageRegistry.Of(executor);
        CodeBlock? named = known.Canonical(asked);
        if (!IsTaken(asked, named, known, isApproved || _isExact))
        {
            string use = Languages.Count > 0 ? string.Join(", ", Languages) : named?.Language ?? "the name of a language that is known";
            return ($"Nothing was run: code in '{WorkspacePath.Printable(asked.Language)}' is not taken. Use {use}.", []);
        }

        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [named ?? asked], new CodeExecutionOptions { ApprovesFunctionCalls = isApproved }, cancellationToken).ConfigureAwait(false);
        Attachments attached = await Attachments.ReadAsync(
            result, executor.Workspace, _attachments, cancellationToken).ConfigureAwait(false);
        return (result.FormatForModel(_maxTextLength, attached.Notes), attached.Data);
    }

    /// <summary>Compares what a language is called, not how the model spelled it.</summary>
    private bool IsTaken(CodeBlock asked, CodeBlock? named, LanguageRegistry known, bool isExact)
    {
        if (isExact)
        {
            return Languages.Count > 0 ? Languages.Contains(asked.Language, StringComparer.Ordinal) : named?.Language == asked.Language;
        }

        string name = (named ?? asked).Language;
        return Languages.Count == 0 || Languages.Any(l => (known.Find(l)?.Name ?? l).Equals(name, StringComparison.OrdinalIgnoreCase));
    }

    private string Describe()
    {
        string what = Languages switch
        {
            [] => "code (python, bash, sh and others)",
            [var one] => one + " code",
            _ => "code in one of: " + string.Join(", ", Languages),
        };
        string state = _sharesState() switch
        {
            true => "Variables, imports and files in the current directory stay from call to call",
            false => "Files in the current directory stay from call to call; variables do not: each call is a program of its own",
            null => "Files in the current directory stay from call to call; do not rely on variables of an earlier call",
        };
        return $"Runs {what} and gives what it printed. {state}. Print what you want to see. Save plots and results as files.";
    }

    private JsonElement MakeSchema()
    {
        JsonObject properties = new() { [Code] = Property("The source text to run.") };
        if (Languages.Count != 1)
        {
            properties[Language] = Property("The language of the code" + (Languages.Count == 0 ? ": python, bash, sh, …" : "."));
        }

        if (Languages.Count > 1)
        {
            properties[Language]!["enum"] = Names(Languages);
        }

        JsonObject schema = new()
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = Names(properties.Select(p => p.Key)),
            ["additionalProperties"] = false,
        };
        return JsonElement.Parse(schema.ToJsonString());

        static JsonObject Property(string description) => new() { ["type"] = "string", ["description"] = description };

        static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(n => JsonValue.Create(n))]);
    }

    private static string Text(IDictionary<string, object?>? arguments, string name)
    {
        object? value = null;
        arguments?.TryGetValue(name, out value);
        return value as string ?? (value is JsonElement { ValueKind: JsonValueKind.String } json ? json.GetString()! : "");
    }
}
