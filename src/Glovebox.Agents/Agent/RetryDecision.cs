using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.Agent;

/// <summary>The model's answer to whether failed code is worth another attempt.</summary>
internal sealed partial record RetryDecision(
    [property: Description("What went wrong, why another attempt is or is not worth it, and what it would change.")] string Reason,
    [property: Description("Whether to attempt it again.")] bool Retry)
{
    private static readonly RetryDecision Unreadable = new("The decision could not be read.", false);

    private static readonly JsonNodeOptions Lenient = new() { PropertyNameCaseInsensitive = true };
    private static readonly JsonDocumentOptions Comments = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>The form that the answer must have.</summary>
    public static ChatResponseFormat Format { get; } =
        ChatResponseFormat.ForJsonSchema<RetryDecision>(
            RetryDecisionContext.Default.Options, "retry_decision", "Whether to attempt it again, and why.");

    /// <summary>The question.</summary>
    public static string Question(string output) =>
        $"The most recent code execution resulted in an error:\n{output}\n\n"
        + "Should we attempt to resolve it? Please respond with:\n"
        + "- A boolean value for 'retry' indicating whether it should be retried.\n"
        + "- A detailed explanation in 'reason' that identifies the issue, justifies your decision to retry or not, and outlines "
        + "how you would resolve the error if a retry is attempted.";

    /// <summary>Reads the answer; one that cannot be read is a no. By hand, because models without structured output put words or a fence
    /// around it, and write a boolean in other ways (<c>"yes"</c>, <c>True</c>, <c>1</c>), which <see cref="ChatResponse{T}"/> does not
    /// read.</summary>
    public static RetryDecision Parse(string answer)
    {
        int start = answer.IndexOf('{', StringComparison.Ordinal);
        int end = answer.LastIndexOf('}');
        try
        {
            if (start >= 0 && end > start && JsonNode.Parse(answer[start..(end + 1)], Lenient, Comments) is JsonObject parts)
            {
                return parts["reason"]?.ToString() is { } reason && ReadBoolean(parts["retry"]?.ToString()) is { } retry
                    ? new(reason, retry)
                    : Unreadable;
            }
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // Not JSON, or a name twice.
        }

        return ReadBoolean(Answer().Match(answer).Groups["value"].Value) is { } read ? new(answer, read) : Unreadable;
    }

    private static bool? ReadBoolean(string? value) => value?.Trim().ToUpperInvariant() switch
    {
        "TRUE" or "YES" or "Y" or "ON" or "1" => true,
        "FALSE" or "NO" or "N" or "OFF" or "0" => false,
        _ => null,
    };

    [GeneratedRegex("""\bretry["'*]*\s*[:=][\s"'*]*(?<value>\w+)""", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Answer();
}

[JsonSerializable(typeof(RetryDecision))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
internal sealed partial class RetryDecisionContext : JsonSerializerContext;
