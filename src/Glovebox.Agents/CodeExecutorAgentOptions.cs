using Glovebox.Middleware;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>How a <see cref="CodeExecutorAgent"/> works. The agent copies its options.</summary>
public sealed class CodeExecutorAgentOptions
{
    /// <summary>Tells agents apart. Null, the default: the agent makes one.</summary>
    public string? Id { get; set; }

    /// <summary>The agent's name, and the author of its messages. Default: <c>code_executor</c>.</summary>
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

    /// <summary>What the agent is for, as other agents read it. Null, the default: a text that says whether it writes code or only runs
    /// it.</summary>
    public string? Description { get; set; }

    /// <summary>What the model is told to do. Null, the default: to write code in the supported languages, in fenced blocks.</summary>
    public string? Instructions { get; set; }

    /// <summary>Options of the requests to the chat client. <see cref="Instructions"/> go before its own. Null, the default:
    /// none.</summary>
    public ChatOptions? ChatOptions { get; set; }

    /// <summary>How often, after code that failed, the model may write it again. Each time it is asked first whether that makes sense.
    /// Default: 0.</summary>
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

    /// <summary>Whose messages an agent without a chat client runs code of: authors' names, or a role's (<c>user</c>, <c>assistant</c>) for
    /// messages without an author. Null, the default: everybody's.</summary>
    public IReadOnlyCollection<string>? Sources { get; set; }

    /// <summary>The languages of the blocks that are run; others are passed over. Aliases count as the language, and <c>bash</c> as
    /// <c>sh</c>, which is what models call it. Default: <c>python</c> and <c>sh</c>.</summary>
    public IList<string> SupportedLanguages { get; init; } = ["python", "sh"];

    /// <summary>Is asked before code runs, and sees all of it with the conversation. Without an approval nothing runs, and the output is
    /// <c>Code execution was not approved. Reason: …</c>. The default is null: no approval is asked for.
    /// <see cref="UseApproval"/> sets one that answers at once.</summary>
    public Func<CodeApprovalRequest, CancellationToken, ValueTask<ApprovalDecision>>? Approval { get; set; }

    /// <summary>How much of what the code drew and wrote goes into the agent's messages as data.</summary>
    public AttachmentLimits Attachments { get; set; } = AttachmentLimits.Default;

    /// <summary>Keeps the conversation of a session for the model. Null, the default: in the session itself
    /// (<see cref="InMemoryChatHistoryProvider"/>). An agent without a chat client keeps none.</summary>
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
}
