using Glovebox.Agents.Sessions;
using Glovebox.Sessions;
using Microsoft.Agents.AI;

namespace Glovebox.Agents;

/// <summary>Gives an agent the function that runs code, and its instructions.</summary>
/// <remarks>
/// Over one executor all conversations share its files; over a <see cref="CodeSessionPool"/> each <see cref="AgentSession"/> has its own,
/// found again after the session was serialised for as long as the pool keeps it. A run without a session has one for itself. Executor and
/// pool stay the caller's. Calls may run at the same time.
/// </remarks>
public sealed class CodeExecutionContextProvider : AIContextProvider
{
    private readonly CodeSessionPool? _sessions;
    private readonly ExecuteCodeFunction _function;
    private readonly string? _ownInstructions;
    private string? _functionsPrompt;
    private bool? _sharesState;

    /// <summary>Gives the use of one executor.</summary>
    /// <param name="executor">Runs the code. It is started at the first call when it is not already.</param>
    /// <param name="options">Null: the defaults.</param>
    public CodeExecutionContextProvider(ICodeExecutor executor, CodeExecutionContextProviderOptions? options)
    {
        _function = new ExecuteCodeFunction(executor, options?.Function);
        (_ownInstructions, _functionsPrompt) = (options?.Instructions, options?.FunctionsPrompt ?? PromptOf(executor));
    }

    /// <summary>Gives each session an executor of its own.</summary>
    /// <param name="sessions">The executors.</param>
    /// <param name="options">Null: the defaults.</param>
    public CodeExecutionContextProvider(CodeSessionPool sessions, CodeExecutionContextProviderOptions? options)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        _sessions = sessions;
        _function = new ExecuteCodeFunction(sessions.RentAsync, () => sessions.SharesState ?? _sharesState, options?.Function);
        (_ownInstructions, _functionsPrompt) = (options?.Instructions, options?.FunctionsPrompt);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateKeys => _sessions is null ? [] : [SessionNames.StateKey];

    /// <inheritdoc/>
    protected override async ValueTask<AIContext> ProvideAIContextAsync(
        InvokingContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        string functionsPrompt = _functionsPrompt ??= await AskForPromptAsync(cancellationToken).ConfigureAwait(false);
        string instructions = _ownInstructions
            ?? $"You can run code with {_function.Name}. Use it to compute, to work with files and to check what you are not sure of, "
            + "rather than to guess.\n"
            + "Print what you want to see: nothing but the printed output, the exit code, and what was drawn or written comes back. "
            + "When code fails, read the error, mend the code and run it again.";
        return new AIContext
        {
            Instructions = functionsPrompt.Length == 0 ? instructions : instructions + "\n" + functionsPrompt,
            Tools = [FunctionOf(context.Session).WithApproval()],
        };
    }

    private static string PromptOf(ICodeExecutor executor) =>
        executor.GetService<CommandLineCodeExecutor>()?.FormatFunctionsForPrompt() ?? "";

    /// <summary>Asks an executor that is made for it, not started, and disposed.</summary>
    private async ValueTask<string> AskForPromptAsync(CancellationToken cancellationToken)
    {
        ICodeExecutor executor = await _sessions!.ExecutorFactory(cancellationToken).ConfigureAwait(false);
        await using (executor.ConfigureAwait(false))
        {
            _sharesState = executor.GetService<IExecutorState>()?.SharesState;
            return PromptOf(executor);
        }
    }

    private ExecuteCodeFunction FunctionOf(AgentSession? session)
    {
        if (_sessions is null)
        {
            return _function;
        }

        string name = session is null ? SessionNames.New() : SessionNames.Of(session);
        return _function.Over(cancellationToken => _sessions.AcquireAsync(name, cancellationToken));
    }
}
