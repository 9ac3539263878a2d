using System.Runtime.CompilerServices;

namespace Glovebox.Tests.Common.Agents;

/// <summary>A model that says what the test wrote for it, and remembers what it was asked.</summary>
public sealed class ScriptedChatClient(params IReadOnlyList<Func<ScriptedRequest, ChatResponse>> answers) : IChatClient
{
    private readonly Lock _lock = new();
    private readonly List<ScriptedRequest> _requests = [];

    /// <summary>What was asked, in order.</summary>
    public IReadOnlyList<ScriptedRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    public bool IsDisposed { get; private set; }

    /// <summary>Services that the client offers.</summary>
    public Dictionary<Type, object> Services { get; } = [];

    public static ChatResponse Says(string text) => new(new ChatMessage(ChatRole.Assistant, text))
    {
        FinishReason = ChatFinishReason.Stop,
        Usage = new() { InputTokenCount = 10, OutputTokenCount = 1, TotalTokenCount = 11 },
    };

    /// <summary>An answer that calls a function.</summary>
    public static ChatResponse Calls(string callId, string function, params (string Name, object? Value)[] arguments) =>
        Answers([new FunctionCallContent(callId, function, arguments.ToDictionary(a => a.Name, a => a.Value))]);

    public static ChatResponse Answers(params IList<AIContent> contents) => new(new ChatMessage(ChatRole.Assistant, contents))
    {
        FinishReason = contents.Any(c => c is FunctionCallContent) ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
        Usage = new() { InputTokenCount = 10, OutputTokenCount = 1, TotalTokenCount = 11 },
    };

    /// <summary>An answer that runs Python in the interpreter.</summary>
    public static ChatResponse Interprets(string code, string callId = "call-1") => Calls(callId, "code_interpreter", ("code", code));

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Answer(messages, options, isStreaming: false));
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        foreach (ChatResponseUpdate update in Answer(messages, options, isStreaming: true).ToChatResponseUpdates())
        {
            // Services stream text in pieces.
            foreach (AIContent content in update.Contents.SelectMany(Pieces))
            {
                ChatResponseUpdate piece = update.Clone();
                piece.Contents = [content];
                cancellationToken.ThrowIfCancellationRequested();
                yield return piece;
            }
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType.IsInstanceOfType(this) ? this : Services.GetValueOrDefault(serviceType);

    public void Dispose() => IsDisposed = true;

    private static IEnumerable<AIContent> Pieces(AIContent content) =>
        content is TextContent { Text.Length: > 1 } text
            ? [new TextContent(text.Text[..(text.Text.Length / 2)]), new TextContent(text.Text[(text.Text.Length / 2)..])]
            : [content];

    private ChatResponse Answer(IEnumerable<ChatMessage> messages, ChatOptions? options, bool isStreaming)
    {
        ScriptedRequest request = new([.. messages], options?.Clone(), isStreaming);
        int number;
        lock (_lock)
        {
            number = _requests.Count;
            _requests.Add(request);
        }

        Assert.True(number < answers.Count, $"The model was asked {number + 1} times and has {answers.Count} answers.");
        return answers[number](request);
    }
}

/// <summary>What a model was asked.</summary>
public sealed record ScriptedRequest(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options, bool IsStreaming)
{
    /// <summary>What the last function gave.</summary>
    public string LastResult => Messages.SelectMany(m => m.Contents).OfType<FunctionResultContent>().Last().Result?.ToString() ?? "";

    public AIFunctionDeclaration Tool(string name) => Options!.Tools!.OfType<AIFunctionDeclaration>().Single(t => t.Name == name);
}
