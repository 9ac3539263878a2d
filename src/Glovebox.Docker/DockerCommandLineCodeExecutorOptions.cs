namespace Glovebox.Docker;

/// <summary>Options of <see cref="DockerCommandLineCodeExecutor"/>.</summary>
public sealed class DockerCommandLineCodeExecutorOptions : DockerCodeExecutorOptions;
