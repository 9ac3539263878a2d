using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>Gives an agent the function that runs code, and its instructions.</summary>
/// <remarks>
/// Over one executor all conversations share its files; over a <see cref="CodeSessionPool"/> each <see cref="AgentSession"/> has its own, found again
/// after the session was serialised for as long as the pool keeps it. A run without a session has one for itself. Executor and pool stay the
/// caller's. Calls may run at the same time.
/// </remarks>
public sealed class CodeExecutionContextProvider : AIContextProvider
{
    private readonly CodeSessionPool? _sessions;
    private readonly AIFunction? _shared;
    private readonly ExecuteCodeFunctionOptions _options;
    private readonly string _instructions;

    /// <summary>Gives the use of one executor.</summary>
    /// <param name="executor">Runs the code. It is started at the first call when it is not already.</param>
    /// <param name="options">Null: the defaults.</param>
    public CodeExecutionContextProvider(ICodeExecutor executor, CodeExecutionContextProviderOptions? options)
        : this(options)
    {
        _shared = ExecuteCodeFunction.Create(executor, _options);
    }

    /// <summary>Gives each session an executor of its own.</summary>
    /// <param name="sessions">The executors.</param>
    /// <param name="options">Null: the defaults.</param>
    public CodeExecutionContextProvider(CodeSessionPool sessions, CodeExecutionContextProviderOptions? options)
        : this(options)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        _sessions = sessions;
    }

    private CodeExecutionContextProvider(CodeExecutionContextProviderOptions? options)
    {
        options ??= new();
        _options = options.Function;
        _instructions = options.Instructions ?? Instructions(ExecuteCodeFunction.NameOf(_options));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateKeys => _sessions is null ? [] : [SessionNames.StateKey];

    /// <inheritdoc/>
    protected override ValueTask<AIContext> ProvideAIContextAsync(InvokingContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ValueTask.FromResult(new AIContext { Instructions = _instructions, Tools = [_shared ?? FunctionOf(context.Session)] });
    }

    private static string Instructions(string function) =>
        $"""
        You can run code with {function}. Use it to compute, to work with files and to check what you are not sure of, rather than to guess.
        Print what you want to see: nothing but the printed output, the exit code and the names of files comes back. When code fails, read the error, mend the code and run it again.
        """;

    private AIFunction FunctionOf(AgentSession? session)
    {
        string name = session is null ? SessionNames.New() : SessionNames.Of(session);
        return ExecuteCodeFunction.Create(cancellationToken => _sessions!.AcquireAsync(name, cancellationToken), _options);
    }
}
