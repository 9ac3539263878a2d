using System.ClientModel;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using OpenAI;

namespace Glovebox.Samples;

/// <summary>The model that a sample talks to: a real one where the command line names one, else a script that plays its part.</summary>
internal static class SampleModel
{
    public const string Usage =
        """
        Without arguments a script plays the model's part. To talk to a real one, name it:
          ollama:MODEL   one that Ollama serves on this machine, such as ollama:qwen3
          openai:MODEL   one of any OpenAI-compatible service; OPENAI_API_KEY and, for another service, OPENAI_BASE_URL say where
        """;

    /// <param name="arguments">The sample's command line.</param>
    /// <param name="script">What the scripted model says, in order.</param>
    /// <returns>Null, when the arguments are of no use.</returns>
    public static IChatClient? Create(string[] arguments, params ChatResponse[] script) => arguments switch
    {
        [] => new ScriptedModel(script),
        [var one] when Named(one, "ollama:") is { } model => Service(model, "http://localhost:11434/v1", "ollama"),
        [var one] when Named(one, "openai:") is { } model => Service(
            model,
            Environment.GetEnvironmentVariable("OPENAI_BASE_URL") ?? "https://api.openai.com/v1",
            Environment.GetEnvironmentVariable("OPENAI_API_KEY") ?? "none"),
        _ => null,
    };

    public static ChatResponse Says(string text) => new(new ChatMessage(ChatRole.Assistant, text));

    public static ChatResponse Calls(string function, string code) => new(
        new ChatMessage(
            ChatRole.Assistant,
            [new FunctionCallContent(Guid.NewGuid().ToString("n"), function, new Dictionary<string, object?> { ["code"] = code })]));

    private static string? Named(string argument, string kind) =>
        argument.StartsWith(kind, StringComparison.Ordinal) && argument.Length > kind.Length ? argument[kind.Length..] : null;

    private static IChatClient Service(string model, string endpoint, string key) =>
        new OpenAIClient(
            new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(endpoint) }).GetChatClient(model).AsIChatClient();

    /// <summary>Says one thing after another, whatever it is asked.</summary>
    private sealed class ScriptedModel(ChatResponse[] script) : IChatClient
    {
        private int _said;

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(Next());

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            foreach (ChatResponseUpdate update in Next().ToChatResponseUpdates())
            {
                yield return update;
            }
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => serviceType.IsInstanceOfType(this) ? this : null;

        public void Dispose()
        {
        }

        private ChatResponse Next() =>
            _said < script.Length ? script[_said++] : throw new InvalidOperationException("The scripted model has said all it has to say.");
    }
}
