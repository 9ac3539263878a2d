using Microsoft.Extensions.AI;

namespace Glovebox.Agents.ChatClient;

/// <summary>What goes to the client within, from one turn to the next.</summary>
internal sealed class CodeInterpreterConversation
{
    private readonly CodeInterpreterSettings _settings;
    private readonly List<ChatMessage> _history;
    private int _iteration;

    public CodeInterpreterConversation(
        CodeInterpreterSettings settings, List<ChatMessage> history, ChatOptions? options, CodeInterpreterRequest? request)
    {
        _settings = settings;
        _history = history;
        Request = request;
        Messages = history;
        Options = options ?? new();
        if (request is null)
        {
            return;
        }

        Options = Options.Clone();
        Options.Tools = [.. Options.Tools!.Where(t => t is not HostedCodeInterpreterTool), request.Function];
        if (settings.Sessions.Find(request.SessionName) is { } session && CodeInterpreterState.Of(session).TakeKept() is { Count: > 0 } kept)
        {
            history.Insert(0, new ChatMessage(ChatRole.Tool, kept));
        }
    }

    /// <summary>Null when the request has no code interpreter.</summary>
    public CodeInterpreterRequest? Request { get; }

    public IEnumerable<ChatMessage> Messages { get; private set; }

    public ChatOptions Options { get; }

    /// <summary>The calls of a turn that are to be run: none once the model was made to answer without the tool.</summary>
    public IEnumerable<FunctionCallContent> CallsToRun(CodeInterpreterTurn turn) =>
        _iteration < _settings.MaximumIterations ? turn.OpenCalls : [];

    /// <summary>Prepares the next turn.</summary>
    /// <returns>False when there is none.</returns>
    public bool Continue(IEnumerable<ChatMessage> answer, string? conversationId, List<AIContent> results, CodeInterpreterTurn turn)
    {
        if (conversationId is not null)
        {
            // Some services give the conversation a new name with each answer.
            _settings.Sessions.Link(Request!.SessionName, CodeInterpreterSessions.OfConversation(conversationId));
        }

        if (results.Count == 0)
        {
            return false;
        }

        if (turn.IsWaitingForOthers)
        {
            if (conversationId is not null)
            {
                Request!.Keep(results);
            }

            return false;
        }

        _history.AddRange(answer);
        _history.Add(new ChatMessage(ChatRole.Tool, results));
        Messages = conversationId is null ? _history : [_history[^1]];
        Options.ConversationId = conversationId;
        if (Options.ToolMode is RequiredChatToolMode)
        {
            Options.ToolMode = null;
        }

        if (++_iteration == _settings.MaximumIterations)
        {
            Options.Tools!.Remove(Request!.Function);
        }

        return true;
    }
}
