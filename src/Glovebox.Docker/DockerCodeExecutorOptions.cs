using System.Text.Json.Serialization;

namespace Glovebox.Docker;

/// <summary>What the executors over containers have in common.</summary>
/// <remarks>
/// <see cref="CommandLineCodeExecutorOptions.WorkDir"/> is bound at <c>/workspace</c>, and what guest code writes there belongs to the
/// directory's owner. Without it no host folder is bound: files live in a volume of the engine, deleted with the executor.
/// <see cref="ExecutionPolicy.DiskSpace"/> holds for the container and for the volume with its work directory, each; an engine whose disk
/// has no quotas refuses it.
/// </remarks>
public abstract class DockerCodeExecutorOptions : CommandLineCodeExecutorOptions
{
    private protected DockerCodeExecutorOptions()
    {
    }

    /// <inheritdoc cref="DockerSandboxOptions.Image"/>
    public string Image { get => Container.Image; set => Container.Image = value; }

    /// <inheritdoc cref="DockerSandboxOptions.ContainerName"/>
    public string? ContainerName { get => Container.ContainerName; set => Container.ContainerName = value; }

    /// <inheritdoc cref="DockerSandboxOptions.BindDir"/>
    public string? BindDir { get => Container.BindDir; set => Container.BindDir = value; }

    /// <inheritdoc cref="DockerSandboxOptions.AutoRemove"/>
    public bool AutoRemove { get => Container.AutoRemove; set => Container.AutoRemove = value; }

    /// <inheritdoc cref="DockerSandboxOptions.StopContainer"/>
    public bool StopContainer { get => Container.StopContainer; set => Container.StopContainer = value; }

    /// <inheritdoc cref="DockerSandboxOptions.DeviceRequests"/>
    public IList<DeviceRequest> DeviceRequests { get => Container.DeviceRequests; set => Container.DeviceRequests = value; }

    /// <inheritdoc cref="DockerSandboxOptions.ExtraVolumes"/>
    public IList<VolumeMount> ExtraVolumes { get => Container.ExtraVolumes; set => Container.ExtraVolumes = value; }

    /// <inheritdoc cref="DockerSandboxOptions.ExtraHosts"/>
    public IDictionary<string, string> ExtraHosts { get => Container.ExtraHosts; set => Container.ExtraHosts = value; }

    /// <inheritdoc cref="DockerSandboxOptions.InitCommand"/>
    public string? InitCommand { get => Container.InitCommand; set => Container.InitCommand = value; }

    /// <inheritdoc cref="DockerSandboxOptions.Runtime"/>
    public string? Runtime { get => Container.Runtime; set => Container.Runtime = value; }

    /// <inheritdoc cref="DockerSandboxOptions.SeccompProfile"/>
    public string? SeccompProfile { get => Container.SeccompProfile; set => Container.SeccompProfile = value; }

    /// <inheritdoc cref="DockerSandboxOptions.PullPolicy"/>
    public PullPolicy PullPolicy { get => Container.PullPolicy; set => Container.PullPolicy = value; }

    /// <inheritdoc cref="DockerSandboxOptions.PullProgress"/>
    [JsonIgnore]
    public IProgress<ImagePullProgress>? PullProgress { get => Container.PullProgress; set => Container.PullProgress = value; }

    /// <inheritdoc cref="DockerSandboxOptions.DockerHost"/>
    public string? DockerHost { get => Container.DockerHost; set => Container.DockerHost = value; }

    /// <summary>What the container is made of: all options above.</summary>
    internal DockerSandboxOptions Container { get; private set; } = new();

    /// <exception cref="ArgumentException">An option is invalid, or cannot be had with another.</exception>
    internal override DockerCodeExecutorOptions Copy()
    {
        DockerCodeExecutorOptions copy = (DockerCodeExecutorOptions)base.Copy();
        copy.Container = Container.Copy();
        return BindDir is null || WorkDir is not null
            ? copy
            : throw new ArgumentException("BindDir is the engine's name of WorkDir, so WorkDir must be set, too.");
    }

    internal override string? WhyNotWritable() => base.WhyNotWritable() ?? (PullProgress is null ? null : IsCode(nameof(PullProgress)));
}
