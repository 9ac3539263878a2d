using System.Text.Json;

namespace Glovebox.Server.Requests;

/// <summary>Says what is wrong with a body of JSON. The serializer's own words name types of the server, which no client knows.</summary>
internal static class BodyErrors
{
    private const string Unknown = "could not be mapped";
    private const string Missing = "missing required properties including: ";

    public static string Of(JsonException error)
    {
        string message = error.Message;
        if (message.Contains(Unknown, StringComparison.Ordinal))
        {
            return $"The body has a member that is not known: '{Quoted(message)}'.";
        }

        int missing = message.IndexOf(Missing, StringComparison.Ordinal);
        return missing >= 0 ? $"The body lacks {message[(missing + Missing.Length)..]}"
            : error.Path is { Length: > 1 } path ? $"What the body has at {path} is not of the kind that is expected there."
            : "The body is not the JSON object that is expected.";
    }

    private static string Quoted(string message)
    {
        int from = message.IndexOf('\'', StringComparison.Ordinal) + 1;
        int to = message.IndexOf('\'', from);
        return WorkspacePath.Printable(message[from..Math.Max(from, to)]);
    }
}
