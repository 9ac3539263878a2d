using Microsoft.Extensions.AI;

namespace Glovebox.Agents.ChatClient;

/// <summary>One answer of the inner client: which calls it makes, which it has answered itself, and how the caller sees it.</summary>
internal sealed class CodeInterpreterTurn(CodeInterpreterRequest request)
{
    private readonly Dictionary<string, FunctionCallContent> _open = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ours = new(StringComparer.Ordinal);
    private readonly HashSet<string> _otherOpen = new(StringComparer.Ordinal);

    /// <summary>The interpreter's calls without a result, in order.</summary>
    public IReadOnlyCollection<FunctionCallContent> OpenCalls => _open.Values;

    /// <summary>Whether a call of another function waits for its result, so that the model cannot go on.</summary>
    public bool IsWaitingForOthers => _otherOpen.Count > 0;

    /// <summary>A message as the caller sees it.</summary>
    public ChatMessage Show(ChatMessage message)
    {
        if (!message.Contents.Any(c => c is ToolCallContent or ToolResultContent))
        {
            return message;
        }

        ChatMessage shown = message.Clone();
        shown.Contents = [.. message.Contents.Select(Show)];
        shown.Role = RoleOf(message.Role, shown.Contents);
        return shown;
    }

    /// <summary>An update as the caller sees it.</summary>
    public ChatResponseUpdate Show(ChatResponseUpdate update)
    {
        if (!update.Contents.Any(c => c is ToolCallContent or ToolResultContent))
        {
            return update;
        }

        ChatResponseUpdate shown = update.Clone();
        shown.Contents = [.. update.Contents.Select(Show)];
        shown.Role = update.Role is { } role ? RoleOf(role, shown.Contents) : null;
        return shown;
    }

    private static ChatRole RoleOf(ChatRole role, IList<AIContent> contents) =>
        role == ChatRole.Tool && contents.All(c => c is CodeInterpreterToolResultContent) ? ChatRole.Assistant : role;

    private AIContent Show(AIContent content)
    {
        switch (content)
        {
            case FunctionCallContent call when call.Name == request.FunctionName:
                _ours.Add(call.CallId);
                _open[call.CallId] = call;
                return CodeInterpreterContents.ToInterpreterCall(call, request.Call);

            case FunctionCallContent { InformationalOnly: false } call:
                _otherOpen.Add(call.CallId);
                return call;

            // A inner client that calls functions itself has run the code by the function that it was given.
            case FunctionResultContent result when _ours.Contains(result.CallId):
                _open.Remove(result.CallId);
                return request.TakeResult(result);

            case FunctionResultContent result:
                _otherOpen.Remove(result.CallId);
                return result;

            default:
                return content;
        }
    }
}
