namespace Glovebox.Docker;

/// <summary>Options of <see cref="DockerCommandLineCodeExecutor"/>.</summary>
public sealed class DockerCommandLineCodeExecutorOptions : DockerCodeExecutorOptions
{
    /// <summary>Makes options that hold the defaults.</summary>
    public DockerCommandLineCodeExecutorOptions()
        : base("python:3-slim")
    {
    }

    internal DockerCommandLineCodeExecutorOptions(DockerCommandLineCodeExecutorOptions original)
        : base(original)
    {
        DeleteTempFiles = original.DeleteTempFiles;
        Preload = [.. original.Preload];
    }

    /// <summary>Whether temporary code files are deleted after they ran; files with a <c># filename:</c> line never are. Default: false.</summary>
    public bool DeleteTempFiles { get; set; }

    /// <summary>Python modules that the fork server imports once, before the first block (<c>numpy</c>, <c>pandas</c>); blocks then have
    /// them at once. Default: none.</summary>
    public IList<string> Preload { get; init; } = [];
}
