namespace Glovebox.Middleware;

/// <summary>Asking before code runs.</summary>
/// <remarks>
/// Each block is asked for when its turn has come, and reaches the executor within only once it is approved. A denied block ends the run as
/// a failing one does, with exit code 1, <see cref="TerminationReason.Denied"/> and <c>Code execution was not approved. Reason: …</c> as
/// its output; blocks before it have run, it and those after it have not. Nothing runs without an approval: when the delegate throws, its
/// exception ends the run, and when it cancels itself (an <see cref="OperationCanceledException"/> that is not the caller's), the block is
/// denied.
/// <para>The delegate sees each block under its language's canonical name (<c>python</c> for <c>py</c>, <c>Python</c> and <c>python3</c>),
/// and what it sees is what runs. A block in a language that the executor's <see cref="LanguageRegistry"/> does not know is not asked for:
/// it ends the run with exit code 1 and <c>unknown language</c>, and reaches no executor. <c>bash</c> and <c>sh</c> are two languages, and
/// code in any language can start other programs of the sandbox: a rule by language says what is run first, not what it does.</para>
/// </remarks>
public static class ApprovalExtensions
{
    /// <summary>Asks before each block, without waiting: for rules that are quick to apply.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="approve">Is asked. One at a time.</param>
    /// <returns>The builder.</returns>
    public static CodeExecutorBuilder UseApproval(this CodeExecutorBuilder builder, Func<CodeBlock, ApprovalDecision> approve)
    {
        ArgumentNullException.ThrowIfNull(approve);
        return builder.UseApproval((context, _) => ValueTask.FromResult(approve(context.Block)));
    }

    /// <summary>Asks before each block, and shows the other blocks of the execution with it.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="approve">Is asked; its token is cancelled when the caller cancels or the executor stops. One at a time.</param>
    /// <returns>The builder.</returns>
    public static CodeExecutorBuilder UseApproval(
        this CodeExecutorBuilder builder, Func<ApprovalContext, CancellationToken, ValueTask<ApprovalDecision>> approve)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(approve);
        return builder.Use(inner => new ApprovalCodeExecutor(inner, approve));
    }
}
