using Glovebox.Interpreters;

namespace Glovebox.Docker;

/// <summary>Options of <see cref="DockerInterpreterCodeExecutor"/>.</summary>
public sealed class DockerInterpreterCodeExecutorOptions : DockerCodeExecutorOptions
{
    /// <inheritdoc cref="InterpreterCodeExecutorOptions.Interpreter"/>
    public InterpreterOptions Interpreter { get; set => field = value ?? throw new ArgumentNullException(nameof(Interpreter)); } = new();

    internal override DockerInterpreterCodeExecutorOptions Copy()
    {
        DockerInterpreterCodeExecutorOptions copy = (DockerInterpreterCodeExecutorOptions)base.Copy();
        copy.Interpreter = Interpreter with { };
        return copy;
    }
}
