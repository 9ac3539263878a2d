using Glovebox.Jupyter;

namespace Glovebox.Docker;

/// <summary>Options of <see cref="DockerJupyterCodeExecutor"/>.</summary>
public sealed class DockerJupyterCodeExecutorOptions : DockerCodeExecutorOptions
{
    /// <summary>Makes options that hold the defaults.</summary>
    public DockerJupyterCodeExecutorOptions() => Image = "quay.io/jupyter/scipy-notebook";

    /// <inheritdoc cref="JupyterCodeExecutorOptions.KernelName"/>
    public string KernelName { get => Kernel.KernelName; set => Kernel.KernelName = value; }

    /// <inheritdoc cref="JupyterCodeExecutorOptions.OutputDir"/>
    public string? OutputDir { get => Kernel.OutputDir; set => Kernel.OutputDir = value; }

    /// <inheritdoc cref="JupyterCodeExecutorOptions.MaxDisplays"/>
    public int MaxDisplays { get => Kernel.MaxDisplays; set => Kernel.MaxDisplays = value; }

    /// <inheritdoc cref="JupyterCodeExecutorOptions.MaxDisplayBytes"/>
    public long MaxDisplayBytes { get => Kernel.MaxDisplayBytes; set => Kernel.MaxDisplayBytes = value; }

    internal KernelOptions Kernel { get; private set; } = new();

    internal override DockerJupyterCodeExecutorOptions Copy()
    {
        DockerJupyterCodeExecutorOptions copy = (DockerJupyterCodeExecutorOptions)base.Copy();
        copy.Kernel = Kernel with { };
        return copy;
    }
}
