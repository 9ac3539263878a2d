using Glovebox.Interpreters;

namespace Glovebox;

/// <summary>Options of <see cref="LocalInterpreterCodeExecutor"/>.</summary>
public sealed class LocalInterpreterCodeExecutorOptions : CommandLineCodeExecutorOptions
{
    /// <inheritdoc cref="InterpreterCodeExecutorOptions.Interpreter"/>
    public InterpreterOptions Interpreter { get; set => field = value ?? throw new ArgumentNullException(nameof(Interpreter)); } = new();

    /// <inheritdoc cref="LocalCommandLineCodeExecutorOptions.VirtualEnvironment"/>
    public string? VirtualEnvironment
    {
        get;
        set => field = LocalCommandLineCodeExecutorOptions.CheckVirtualEnvironment(value, nameof(VirtualEnvironment));
    }

    internal override LocalInterpreterCodeExecutorOptions Copy()
    {
        LocalInterpreterCodeExecutorOptions copy = (LocalInterpreterCodeExecutorOptions)base.Copy();
        copy.Interpreter = Interpreter with { };
        return copy;
    }
}
