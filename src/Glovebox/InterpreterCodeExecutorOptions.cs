using Glovebox.Interpreters;

namespace Glovebox;

/// <summary>Options of <see cref="InterpreterCodeExecutor"/>.</summary>
public sealed class InterpreterCodeExecutorOptions : CommandLineCodeExecutorOptions
{
    /// <summary>What is kept of interpreters, and of what they show. Default: see <see cref="InterpreterOptions"/>.</summary>
    public InterpreterOptions Interpreter { get; set => field = value ?? throw new ArgumentNullException(nameof(Interpreter)); } = new();

    /// <inheritdoc cref="BubblewrapCommandLineCodeExecutorOptions.ReadOnlyPaths"/>
    public IList<string> ReadOnlyPaths { get; set => field = value ?? throw new ArgumentNullException(nameof(ReadOnlyPaths)); } = [];

    internal override InterpreterCodeExecutorOptions Copy()
    {
        InterpreterCodeExecutorOptions copy = (InterpreterCodeExecutorOptions)base.Copy();
        copy.Interpreter = Interpreter with { };
        copy.ReadOnlyPaths = [.. ReadOnlyPaths];
        return copy;
    }
}
