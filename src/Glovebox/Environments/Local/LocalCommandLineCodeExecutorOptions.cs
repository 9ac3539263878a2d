namespace Glovebox;

/// <summary>Options of <see cref="LocalCommandLineCodeExecutor"/>.</summary>
public sealed class LocalCommandLineCodeExecutorOptions : CommandLineCodeExecutorOptions
{
    /// <summary>Makes options that hold the defaults.</summary>
    public LocalCommandLineCodeExecutorOptions()
    {
    }

    internal LocalCommandLineCodeExecutorOptions(LocalCommandLineCodeExecutorOptions original)
        : base(original)
    {
        CleanupTempFiles = original.CleanupTempFiles;
        VirtualEnvironment = original.VirtualEnvironment;
        MaxOutput = original.MaxOutput;
    }

    /// <summary>Whether temporary code files are deleted after they ran; files with a <c># filename:</c> line never are. Default: true.</summary>
    public bool CleanupTempFiles { get; set; } = true;

    /// <summary>The folder of a Python virtual environment: its <c>bin</c> (or <c>Scripts</c>) comes first on PATH. Default: none.</summary>
    public string? VirtualEnvironment { get; set; }

    /// <summary>How many bytes of output are kept of one block, at least 1 KiB: the first and the last half. Default: 1 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 KiB or more than 1 GiB.</exception>
    public long MaxOutput
    {
        get;
        set => field = new ExecutionPolicy { MaxOutput = value }.MaxOutput!.Value;
    } = ExecutionPolicy.DefaultMaxOutput;
}
