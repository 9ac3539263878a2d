using Glovebox.Agents.Agent;
using Glovebox.Execution;
using Glovebox.Middleware;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>Options of <see cref="CodeExecutorAgent"/>, which copies them when it is made.</summary>
public sealed class CodeExecutorAgentOptions
{
    /// <summary>Makes options that hold the defaults.</summary>
    public CodeExecutorAgentOptions()
    {
    }

    /// <summary>Copies options, and completes what depends on whether the agent has a model.</summary>
    internal CodeExecutorAgentOptions(CodeExecutorAgentOptions original, bool hasModel)
    {
        if (original.SupportedLanguages.Count == 0 || original.SupportedLanguages.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("SupportedLanguages must name at least one language, and no name may be empty.", nameof(original));
        }

        Id = original.Id;
        Name = original.Name;
        Description = original.Description ?? (hasModel ? AgentTexts.WriterDescription : AgentTexts.RunnerDescription);
        Instructions = original.Instructions ?? AgentTexts.Instructions(original.SupportedLanguages);
        ChatOptions = original.ChatOptions?.Clone() ?? new();
        ChatOptions.Instructions =
            string.IsNullOrEmpty(ChatOptions.Instructions) ? Instructions : Instructions + "\n" + ChatOptions.Instructions;
        MaxRetriesOnError = original.MaxRetriesOnError;
        Sources = original.Sources?.ToHashSet(StringComparer.Ordinal);
        SupportedLanguages = [.. original.SupportedLanguages];
        Approval = original.Approval;
        Attachments = original.Attachments;
        MaxTextLength = original.MaxTextLength;
        ChatHistoryProvider = hasModel ? original.ChatHistoryProvider ?? new InMemoryChatHistoryProvider() : null;
    }

    /// <summary>Gets or sets what tells agents apart. The default is null: the agent makes one.</summary>
    public string? Id { get; set; }

    /// <summary>Gets or sets the agent's name, which is also the author of its messages. The default is <c>code_executor</c>.</summary>
    /// <exception cref="ArgumentException">Empty.</exception>
    public string Name
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(Name));
            field = value;
        }
    } = "code_executor";

    /// <summary>Gets or sets what the agent is for, as other agents read it. The default is null: a text that says whether it writes code
    /// or only runs it.</summary>
    public string? Description { get; set; }

    /// <summary>Gets or sets what the model is told to do. The default is null: to write code in the supported languages, in fenced
    /// blocks.</summary>
    public string? Instructions { get; set; }

    /// <summary>Gets or sets the options of the requests to the chat client. <see cref="Instructions"/> go before theirs. The default is
    /// null.</summary>
    public ChatOptions? ChatOptions { get; set; }

    /// <summary>Gets or sets how often the model may write code again that failed. Each time it is asked first whether that makes sense.
    /// The default is 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int MaxRetriesOnError
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(MaxRetriesOnError));
            field = value;
        }
    }

    /// <summary>Gets or sets the sources of the messages that an agent without a chat client runs code of: authors' names, or a role's
    /// (<c>user</c>, <c>assistant</c>) for messages without an author. The default is null: all messages.</summary>
    public IReadOnlyCollection<string>? Sources { get; set; }

    /// <summary>Gets the languages of the blocks that are run; others are passed over. Aliases count as the language, and <c>bash</c> as
    /// <c>sh</c>, which is what models call it. The default is <c>python</c> and <c>sh</c>.</summary>
    public IList<string> SupportedLanguages { get; init; } = ["python", "sh"];

    /// <summary>Gets or sets what is asked before code runs; it sees all of the code with the conversation. Code that is not approved does
    /// not run, and the output is <c>Code execution was not approved. Reason: …</c>. The default is null: no approval is asked for.
    /// <see cref="UseApproval"/> sets one that answers at once.</summary>
    public Func<CodeApprovalRequest, CancellationToken, ValueTask<ApprovalDecision>>? Approval { get; set; }

    /// <summary>Gets or sets the most characters of the text of a reply that is a program's output, which the model gets, too; of longer
    /// output it has the beginning and the end, as <see cref="CodeResult.FormatForModel(int)"/> says. The default is 16,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than <see cref="CodeResult.MinMaxTextLength"/>.</exception>
    public int MaxTextLength
    {
        get;
        set => field = ModelText.Checked(value, nameof(MaxTextLength));
    } = CodeResult.DefaultMaxTextLength;

    /// <summary>Gets or sets the limits of the pictures and files that go into the agent's messages as data. The default is
    /// <see cref="AttachmentLimits.Default"/>.</summary>
    public AttachmentLimits Attachments { get; set; } = AttachmentLimits.Default;

    /// <summary>Gets or sets what keeps the conversation of a session for the model. The default is null: the session itself
    /// (<see cref="InMemoryChatHistoryProvider"/>). An agent without a chat client keeps no conversation.</summary>
    public ChatHistoryProvider? ChatHistoryProvider { get; set; }

    /// <summary>Sets <see cref="Approval"/> to a rule that answers at once.</summary>
    /// <param name="approve">Is asked before code runs.</param>
    /// <returns>These options.</returns>
    public CodeExecutorAgentOptions UseApproval(Func<CodeApprovalRequest, ApprovalDecision> approve)
    {
        ArgumentNullException.ThrowIfNull(approve);
        Approval = (request, _) => ValueTask.FromResult(approve(request));
        return this;
    }

    internal bool IsSource(ChatMessage message) => Sources?.Contains(message.AuthorName ?? message.Role.Value) ?? true;
}
