namespace Glovebox.Docker;

/// <summary>Options of <see cref="DockerCommandLineCodeExecutor"/>.</summary>
public sealed class DockerCommandLineCodeExecutorOptions : DockerCodeExecutorOptions
{
    /// <summary>Makes options that hold the defaults.</summary>
    public DockerCommandLineCodeExecutorOptions()
    {
    }

    internal DockerCommandLineCodeExecutorOptions(DockerCommandLineCodeExecutorOptions original)
        : base(original) => Validate();
}
