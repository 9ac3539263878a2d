namespace Glovebox.Agents;

/// <summary>What an <see cref="ExecuteCodeFunction"/> tells the model, and gives back. The function copies its options.</summary>
public sealed class ExecuteCodeFunctionOptions
{
    /// <summary>The name by which the model calls the function. Null, the default: <c>execute_code</c>, or <c>execute_</c> and the language
    /// where there is only one.</summary>
    public string? Name { get; set; }

    /// <summary>What the model reads about the function. Null, the default: a text that says what it does, in which languages, and how
    /// files and state behave.</summary>
    public string? Description { get; set; }

    /// <summary>The languages that the model may use. One: the function takes nothing but <c>code</c>, as for Python alone. Several: it
    /// takes <c>language</c>, too, and refuses any other; an alias counts as its language. None, the default: any that the executor
    /// knows.</summary>
    public IList<string> Languages { get; init; } = [];

    /// <summary>How much of what the code drew and wrote goes along with the text.</summary>
    public AttachmentLimits Attachments { get; set; } = AttachmentLimits.Default;

    /// <summary>Whether a caller of the model must approve each call, by the protocol of
    /// <see cref="Microsoft.Extensions.AI.ApprovalRequiredAIFunction"/>. Seen by
    /// <see cref="ExecuteCodeFunction.Create(ICodeExecutor, ExecuteCodeFunctionOptions?)"/>. The caller sees the arguments as the model
    /// wrote them, so a <c>language</c> is then taken in one spelling only: as in <see cref="Languages"/>, or else the canonical name.
    /// Default: false.</summary>
    public bool RequiresApproval { get; set; }
}
