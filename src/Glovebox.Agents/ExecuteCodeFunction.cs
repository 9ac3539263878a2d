using System.Text.Json;
using Glovebox.Agents.Functions;
using Glovebox.Sessions;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>A function by which a model runs code in an executor.</summary>
/// <remarks>
/// <para>It takes <c>code</c> and <c>language</c>, or <c>code</c> alone where <see cref="ExecuteCodeFunctionOptions.Languages"/> has one
/// language. The result is <see cref="CodeResult.FormatForModel(int)"/> as a string; or, when the code drew pictures or made files that
/// <see cref="ExecuteCodeFunctionOptions.Attachments"/> lets in, a list of <see cref="AIContent"/>: that text, then the
/// <see cref="DataContent"/>. Wrong arguments are a result, too, that says what to do. A failing sandbox is a
/// <see cref="CodeExecutionException"/>; cancellation kills the code.</para>
/// <para><b>Functions that need approval.</b> Code may call host functions of the executor. Where one of them is an
/// <see cref="ApprovalRequiredAIFunction"/> and the executor has no <see cref="CommandLineCodeExecutorOptions.FunctionApproval"/>, what
/// <see cref="Create"/> gives needs approval itself: who approves a call approves with it every call of a host function that guest code
/// makes while the code runs. Without that approval, so through a function that was made by the constructor, such calls are denied.</para>
/// <para>The executor stays the caller's. It is started at the first call when it is not already. Calls may run at the same time; the
/// executor does one after the other. All callers of one executor share its files: give each conversation an executor of its own, as
/// <see cref="CodeSessionPool"/> does.</para>
/// </remarks>
public sealed class ExecuteCodeFunction : AIFunction
{
    private readonly CodeCall _call;
    private readonly bool _requiresApproval;
    private Func<CancellationToken, ValueTask<CodeSessionLease>> _acquire;
    private bool _isApproved;

    /// <summary>Makes a function.</summary>
    /// <param name="executor">Runs the code.</param>
    /// <param name="options">Null: the defaults.</param>
    public ExecuteCodeFunction(ICodeExecutor executor, ExecuteCodeFunctionOptions? options = null)
        : this(
            cancellationToken => CodeSessionLease.OfAsync(executor, cancellationToken),
            () => executor.GetService<IExecutorState>()?.SharesState,
            options)
    {
        ArgumentNullException.ThrowIfNull(executor);
    }

    internal ExecuteCodeFunction(
        Func<CancellationToken, ValueTask<CodeSessionLease>> acquire, Func<bool?> sharesState, ExecuteCodeFunctionOptions? options)
    {
        options ??= new();
        _acquire = acquire;
        _call = new CodeCall(
            options.Languages,
            options.Description,
            options.Attachments,
            options.MaxTextLength,
            sharesState,
            isExact: options.RequiresApproval);
        _requiresApproval = options.RequiresApproval;
        Name = options.Name ?? (_call.Languages is [var one] ? "execute_" + string.Concat(one.Select(NameChar)) : "execute_code");
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Description => _call.Description;

    /// <inheritdoc/>
    public override JsonElement JsonSchema => _call.Schema;

    /// <summary>Makes a function, one that needs approval where <see cref="ExecuteCodeFunctionOptions.RequiresApproval"/> says so, or
    /// where code can call a function that needs it.</summary>
    /// <param name="executor">Runs the code.</param>
    /// <param name="options">Null: the defaults.</param>
    public static AIFunction Create(ICodeExecutor executor, ExecuteCodeFunctionOptions? options = null) =>
        new ExecuteCodeFunction(executor, options).WithApproval(executor.GetService<IExecutorState>()?.NeedsApproval ?? false);

    /// <summary>Gives the same function over another executor.</summary>
    internal ExecuteCodeFunction Over(Func<CancellationToken, ValueTask<CodeSessionLease>> acquire)
    {
        ExecuteCodeFunction copy = (ExecuteCodeFunction)MemberwiseClone();
        copy._acquire = acquire;
        return copy;
    }

    /// <summary>Gives the function as it is to be offered.</summary>
    /// <param name="callsNeedApproval">Whether its code can call functions that need approval.</param>
    internal AIFunction WithApproval(bool callsNeedApproval)
    {
        if (!_requiresApproval && !callsNeedApproval)
        {
            return this;
        }

        // Behind the wrapper, and nowhere else: by its protocol it is invoked when the call was approved.
        ExecuteCodeFunction approved = Over(_acquire);
        approved._isApproved = true;
        return new ApprovalRequiredAIFunction(approved);
    }

    /// <inheritdoc/>
    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        if (!_call.TryRead(arguments, out CodeBlock block, out string error))
        {
            return error;
        }

        CodeSessionLease lease = await _acquire(cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            (string text, List<DataContent> data) = await _call.RunAsync(
                block, lease.Executor, _isApproved, cancellationToken).ConfigureAwait(false);
            return data.Count == 0 ? text : (List<AIContent>)[new TextContent(text), .. data];
        }
    }

    /// <summary>Services take no other characters in a function's name.</summary>
    private static char NameChar(char c) => char.IsAsciiLetterOrDigit(c) || c == '-' ? c : '_';
}
