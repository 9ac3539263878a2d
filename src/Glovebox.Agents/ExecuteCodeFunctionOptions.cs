using Glovebox.Execution;

namespace Glovebox.Agents;

/// <summary>Options of <see cref="ExecuteCodeFunction"/>, which copies them when it is made.</summary>
public sealed class ExecuteCodeFunctionOptions
{
    /// <summary>Gets or sets the name by which the model calls the function. The default is null: <c>execute_code</c>, or <c>execute_</c>
    /// and the language where there is only one.</summary>
    public string? Name { get; set; }

    /// <summary>Gets or sets what the model reads about the function. The default is null: a text that says what it does, in which
    /// languages, and how files and state behave.</summary>
    public string? Description { get; set; }

    /// <summary>Gets the languages that the model may use. With one, the function takes nothing but <c>code</c>. With several, it takes
    /// <c>language</c>, too, and refuses any other; an alias counts as its language. The default is empty: any language that the executor
    /// knows.</summary>
    public IList<string> Languages { get; init; } = [];

    /// <summary>Gets or sets the most characters of the text that the model gets of a run; of longer output it gets the beginning and the
    /// end, as <see cref="CodeResult.FormatForModel(int)"/> says. The default is 16,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than <see cref="CodeResult.MinMaxTextLength"/>.</exception>
    public int MaxTextLength
    {
        get;
        set => field = ModelText.Checked(value, nameof(MaxTextLength));
    } = CodeResult.DefaultMaxTextLength;

    /// <summary>Gets or sets the limits of the pictures and files that go along with the text. Set them only where the chat client can send
    /// data as a function's result: most send it to the model as Base64 text. The default is <see cref="AttachmentLimits.None"/>.</summary>
    public AttachmentLimits Attachments { get; set; } = AttachmentLimits.None;

    /// <summary>Gets or sets whether a caller of the model must approve each call, by the protocol of
    /// <see cref="Microsoft.Extensions.AI.ApprovalRequiredAIFunction"/>; used by
    /// <see cref="ExecuteCodeFunction.Create(ICodeExecutor, ExecuteCodeFunctionOptions?)"/>. The caller sees the arguments as the model
    /// wrote them, so a <c>language</c> is then taken in one spelling only: as in <see cref="Languages"/>, or else the canonical name. The
    /// default is false: only where code can call a host function that needs approval, and the executor has no
    /// <see cref="CommandLineCodeExecutorOptions.FunctionApproval"/> to ask.</summary>
    public bool RequiresApproval { get; set; }
}
