using Glovebox.Sessions;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.ChatClient;

/// <summary>Tells which session a request belongs to.</summary>
internal static class CodeInterpreterSessions
{
    // The kinds of names are kept apart, so that a history that a stranger wrote leads to a session only by a name that cannot be guessed.
    private const string ByKey = "key:";
    private const string ByConversation = "conversation:";
    private const string ByMarker = "id:";

    /// <summary>The session of a request: by the caller's key, by the service's conversation, by what the replayed history says; else a new
    /// one.</summary>
    public static string NameOf(IEnumerable<ChatMessage> messages, ChatOptions options, CodeSessionPool sessions)
    {
        if (options.AdditionalProperties?.GetValueOrDefault(CodeInterpreterChatClient.SessionProperty)?.ToString() is { Length: > 0 } key)
        {
            return ByKey + key;
        }

        if (options.ConversationId is { Length: > 0 } conversation)
        {
            return OfConversation(conversation);
        }

        string? marker = messages.SelectMany(m => m.Contents).OfType<CodeInterpreterToolResultContent>()
            .Select(r => r.AdditionalProperties?.GetValueOrDefault(CodeInterpreterChatClient.SessionProperty)?.ToString())
            .LastOrDefault(m => m is not null);
        return marker is not null && sessions.Find(ByMarker + marker) is not null
            ? ByMarker + marker
            : ByMarker + Guid.NewGuid().ToString("n");
    }

    public static string OfConversation(string conversationId) => ByConversation + conversationId;

    /// <summary>What a result carries, so that a replayed history leads back to its session.</summary>
    public static AdditionalPropertiesDictionary? ToMarker(string sessionName) =>
        sessionName.StartsWith(ByMarker, StringComparison.Ordinal)
            ? new() { [CodeInterpreterChatClient.SessionProperty] = sessionName[ByMarker.Length..] }
            : null;
}
