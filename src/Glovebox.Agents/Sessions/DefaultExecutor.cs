using Glovebox.Functions;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.Sessions;

/// <summary>The executor of a session where the caller names no other: an <see cref="InterpreterCodeExecutor"/>, because models expect that
/// variables stay.</summary>
internal static class DefaultExecutor
{
    /// <summary>Gives what makes executors, not started, each with a work directory of its own.</summary>
    /// <param name="functions">What guest code can call.</param>
    /// <exception cref="ArgumentException">Guest code cannot be given one of the functions.</exception>
    public static Func<ICodeExecutor> Factory(params IEnumerable<AITool> functions)
    {
        ArgumentNullException.ThrowIfNull(functions);
        InterpreterCodeExecutorOptions options = new() { Functions = [.. functions] };

        // What is wrong with them is told here, and not when the first code runs.
        _ = new FunctionSet(options.FunctionsModule, options.Functions, options.Packages);
        return () => new InterpreterCodeExecutor(options);
    }
}
