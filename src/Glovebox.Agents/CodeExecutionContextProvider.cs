using Glovebox.Agents.Sessions;
using Glovebox.Sessions;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>Gives an agent the function that runs code, and its instructions.</summary>
/// <remarks>
/// <para>Over one executor all conversations share its files; over a <see cref="CodeSessionPool"/> each <see cref="AgentSession"/> has its
/// own, found again after the session was serialised for as long as the pool keeps it. A run without a session has one for itself. Calls
/// may run at the same time.</para>
/// <para><b>Functions.</b> Guest code can call the functions of the executor, and the model is told of them; the model itself cannot. Where
/// one of them needs approval, the function that runs code does, too, as <see cref="ExecuteCodeFunction"/> says: the agent asks before the
/// code runs, and what is not approved calls nothing.</para>
/// <para><b>Ownership.</b> An executor or a pool that was given stays the caller's. Without one the provider makes an
/// <see cref="InterpreterCodeExecutor"/> in a bubblewrap sandbox for each session, and disposing the provider ends them.</para>
/// </remarks>
public sealed class CodeExecutionContextProvider : AIContextProvider, IAsyncDisposable
{
    private readonly CodeSessionPool? _sessions;
    private readonly bool _ownsSessions;
    private readonly ExecuteCodeFunction _function;
    private readonly string? _ownInstructions;
    private readonly string? _ownFunctionsPrompt;
    private ExecutorFacts? _facts;

    /// <summary>Gives each session an executor of the provider's own.</summary>
    public CodeExecutionContextProvider()
        : this([], null)
    {
    }

    /// <summary>Gives each session an executor of the provider's own, whose code can call functions.</summary>
    /// <param name="functions">What guest code can import from the module <c>functions</c>, as
    /// <see cref="CommandLineCodeExecutorOptions.Functions"/> says. Copied.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="ArgumentException">Guest code cannot be given one of the functions, or an option is invalid.</exception>
    public CodeExecutionContextProvider(IEnumerable<AITool> functions, CodeExecutionContextProviderOptions? options)
        : this(new CodeSessionPool(DefaultExecutor.Factory(functions)), options) => _ownsSessions = true;

    /// <summary>Gives the use of one executor.</summary>
    /// <param name="executor">Runs the code. It is started at the first call when it is not already.</param>
    /// <param name="options">Null: the defaults.</param>
    public CodeExecutionContextProvider(ICodeExecutor executor, CodeExecutionContextProviderOptions? options)
    {
        _function = new ExecuteCodeFunction(executor, options?.Function);
        (_ownInstructions, _ownFunctionsPrompt, _facts) = (options?.Instructions, options?.FunctionsPrompt, ExecutorFacts.Of(executor));
    }

    /// <summary>Gives each session an executor of its own.</summary>
    /// <param name="sessions">The executors.</param>
    /// <param name="options">Null: the defaults.</param>
    public CodeExecutionContextProvider(CodeSessionPool sessions, CodeExecutionContextProviderOptions? options)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        _sessions = sessions;
        _function = new ExecuteCodeFunction(
            sessions.RentAsync, () => sessions.SharesState ?? _facts?.SharesState, options?.Function);
        (_ownInstructions, _ownFunctionsPrompt) = (options?.Instructions, options?.FunctionsPrompt);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateKeys => _sessions is null ? [] : [SessionNames.StateKey];

    /// <summary>Ends the sessions that are the provider's own, and returns when they have ended.</summary>
    public ValueTask DisposeAsync() => _ownsSessions ? _sessions!.DisposeAsync() : ValueTask.CompletedTask;

    /// <inheritdoc/>
    protected override async ValueTask<AIContext> ProvideAIContextAsync(
        InvokingContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        ExecutorFacts facts = _facts ??= await AskAsync(cancellationToken).ConfigureAwait(false);
        string functionsPrompt = _ownFunctionsPrompt ?? facts.FunctionsPrompt;
        string instructions = _ownInstructions
            ?? $"You can run code with {_function.Name}. Use it to compute, to work with files and to check what you are not sure of, "
            + "rather than to guess.\n"
            + "Print what you want to see: nothing but the printed output, the exit code, and what was drawn or written comes back. "
            + "When code fails, read the error, mend the code and run it again.";
        return new AIContext
        {
            Instructions = functionsPrompt.Length == 0 ? instructions : instructions + "\n" + functionsPrompt,
            Tools = [FunctionOf(context.Session).WithApproval(facts.NeedsApproval)],
        };
    }

    /// <summary>Asks an executor that is made for it, not started, and disposed.</summary>
    private async ValueTask<ExecutorFacts> AskAsync(CancellationToken cancellationToken)
    {
        ICodeExecutor executor = await _sessions!.ExecutorFactory(cancellationToken).ConfigureAwait(false);
        await using (executor.ConfigureAwait(false))
        {
            return ExecutorFacts.Of(executor);
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

    /// <summary>What has to be known of an executor before code runs.</summary>
    private sealed record ExecutorFacts(string FunctionsPrompt, bool? SharesState, bool NeedsApproval)
    {
        public static ExecutorFacts Of(ICodeExecutor executor)
        {
            IExecutorState? state = executor.GetService<IExecutorState>();
            return new(
                executor.GetService<CommandLineCodeExecutor>()?.FormatFunctionsForPrompt() ?? "",
                state?.SharesState,
                state?.NeedsApproval ?? false);
        }
    }
}
