namespace Glovebox;

/// <summary>Options of <see cref="LocalCommandLineCodeExecutor"/>.</summary>
public sealed class LocalCommandLineCodeExecutorOptions : CommandLineCodeExecutorOptions
{
    /// <summary>Makes options that hold the defaults.</summary>
    public LocalCommandLineCodeExecutorOptions()
    {
    }

    internal LocalCommandLineCodeExecutorOptions(LocalCommandLineCodeExecutorOptions original)
        : base(original) => VirtualEnvironment = original.VirtualEnvironment;

    /// <summary>The folder of a Python virtual environment: its <c>bin</c> (or <c>Scripts</c>) comes first on PATH. Default:
    /// none.</summary>
    public string? VirtualEnvironment { get; set; }
}
