using Glovebox.Middleware;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.Agent;

/// <summary>The options of an agent, copied and completed.</summary>
internal sealed class CodeExecutorAgentSettings
{
    private readonly HashSet<string>? _sources;

    public CodeExecutorAgentSettings(IChatClient? chatClient, CodeExecutorAgentOptions options)
    {
        if (options.SupportedLanguages.Count == 0 || options.SupportedLanguages.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("SupportedLanguages must name at least one language, and no name may be empty.", nameof(options));
        }

        ChatClient = chatClient;
        Id = options.Id;
        Name = options.Name;
        Description = options.Description ?? (chatClient is null ? AgentTexts.RunnerDescription : AgentTexts.WriterDescription);
        Languages = new SupportedLanguages([.. options.SupportedLanguages]);
        MaxRetriesOnError = options.MaxRetriesOnError;
        Approval = options.Approval;
        Attachments = options.Attachments;
        _sources = options.Sources is null ? null : new(options.Sources, StringComparer.Ordinal);
        History = chatClient is null ? null : options.ChatHistoryProvider ?? new InMemoryChatHistoryProvider();
        ChatOptions = options.ChatOptions?.Clone() ?? new();
        string instructions = options.Instructions ?? AgentTexts.Instructions(options.SupportedLanguages);
        ChatOptions.Instructions = string.IsNullOrEmpty(ChatOptions.Instructions)
            ? instructions
            : instructions + "\n" + ChatOptions.Instructions;
    }

    public IChatClient? ChatClient { get; }

    public string? Id { get; }

    public string Name { get; }

    public string Description { get; }

    public SupportedLanguages Languages { get; }

    public int MaxRetriesOnError { get; }

    public Func<CodeApprovalRequest, CancellationToken, ValueTask<ApprovalDecision>>? Approval { get; }

    public AttachmentLimits Attachments { get; }

    /// <summary>Null when there is no model that could read it.</summary>
    public ChatHistoryProvider? History { get; }

    /// <summary>Cloned for each request.</summary>
    public ChatOptions ChatOptions { get; }

    public bool IsSource(ChatMessage message) => _sources is null || _sources.Contains(message.AuthorName ?? message.Role.Value);
}
