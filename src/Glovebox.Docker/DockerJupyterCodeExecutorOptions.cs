using Glovebox.Jupyter;

namespace Glovebox.Docker;

/// <summary>Options of <see cref="DockerJupyterCodeExecutor"/>.</summary>
public sealed class DockerJupyterCodeExecutorOptions : DockerCodeExecutorOptions
{
    /// <summary>Makes options that hold the defaults.</summary>
    public DockerJupyterCodeExecutorOptions() => Image = "quay.io/jupyter/scipy-notebook";

    internal DockerJupyterCodeExecutorOptions(DockerJupyterCodeExecutorOptions original)
        : base(original)
    {
        KernelName = original.KernelName;
        OutputDir = original.OutputDir;
        MaxDisplays = original.MaxDisplays;
        MaxDisplayBytes = original.MaxDisplayBytes;
        Validate();
    }

    /// <summary>The name of the kernel spec that blocks run in. Default: <c>python3</c>.</summary>
    /// <exception cref="ArgumentException">Not a name that a kernel spec can have.</exception>
    public string KernelName
    {
        get;
        set => field = JupyterSettings.CheckKernelName(value, nameof(KernelName));
    } = JupyterSettings.DefaultKernelName;

    /// <summary>The host folder in which PNG, JPEG, SVG and HTML displays are saved, as <c>display-0001.png</c> and so on; it is made when
    /// missing and never deleted. Null, the default: the work directory.</summary>
    /// <exception cref="ArgumentException">Empty, or holds a NUL.</exception>
    public string? OutputDir
    {
        get;
        set => field = JupyterSettings.CheckOutputDir(value, nameof(OutputDir));
    }

    /// <summary>How many displays of one block are kept; further ones are dropped, and the output says so. Default: 100.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int MaxDisplays
    {
        get;
        set => field = JupyterSettings.CheckMaxDisplays(value, nameof(MaxDisplays));
    } = JupyterSettings.DefaultMaxDisplays;

    /// <summary>How many bytes the displays of one block may have together, in all their forms; what is beyond is dropped, and the output
    /// says so. Default: 32 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 1 GiB.</exception>
    public long MaxDisplayBytes
    {
        get;
        set => field = JupyterSettings.CheckMaxDisplayBytes(value, nameof(MaxDisplayBytes));
    } = JupyterSettings.DefaultMaxDisplayBytes;

    internal JupyterSettings ToSettings() => new(KernelName, OutputDir, new(MaxDisplays, MaxDisplayBytes));
}
