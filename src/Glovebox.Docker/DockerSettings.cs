using Glovebox.Docker.Seccomp;
using Glovebox.Environments;

namespace Glovebox.Docker;

/// <summary>The options of a Docker executor as they were when it was made, checked.</summary>
internal sealed class DockerSettings
{
    private const string HostGateway = "host-gateway";

    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public DockerSettings(DockerCodeExecutorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options.Policy);
        Image = options.Image;
        ContainerName = options.ContainerName;
        WorkDir = options.WorkDir is { } work ? Path.GetFullPath(work) : null;
        BindDir = options.BindDir;
        AutoRemove = options.AutoRemove;
        StopContainer = options.StopContainer;
        InitCommand = options.InitCommand;
        Policy = options.Policy;
        Runtime = options.Runtime;
        Seccomp = options.SeccompProfile is { } profile ? NamedProfile.Read(profile) : null;
        PullPolicy = options.PullPolicy;
        PullProgress = options.PullProgress;
        DockerHost = options.DockerHost;
        Devices = [.. options.DeviceRequests];
        Volumes = [.. options.ExtraVolumes];
        Hosts = new Dictionary<string, string>(options.ExtraHosts, StringComparer.Ordinal);
        Preload = options is DockerCommandLineCodeExecutorOptions commandLine ? [.. commandLine.Preload] : [];
        InstallsPackages = options.Functions.OfType<FunctionWithRequirements>().Any(f => f.PythonPackages.Count > 0);
        GuestVariables.CopyTo(options.Environment, Variables);
        Validate();
    }

    public string Image { get; }

    public string? ContainerName { get; }

    /// <summary>Absolute; null: a volume of the engine.</summary>
    public string? WorkDir { get; }

    public string? BindDir { get; }

    public bool AutoRemove { get; }

    public bool StopContainer { get; }

    public string? InitCommand { get; }

    public ExecutionPolicy Policy { get; }

    public string? Runtime { get; }

    /// <summary>The profile of system calls that the caller named; null: ours.</summary>
    public NamedProfile? Seccomp { get; }

    public PullPolicy PullPolicy { get; }

    public IProgress<ImagePullProgress>? PullProgress { get; }

    public string? DockerHost { get; }

    public IReadOnlyList<DeviceRequest> Devices { get; }

    public IReadOnlyList<VolumeMount> Volumes { get; }

    public IReadOnlyDictionary<string, string> Hosts { get; }

    public IReadOnlyList<string> Preload { get; }

    /// <summary>Whether functions need packages.</summary>
    public bool InstallsPackages { get; }

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    public long Memory => Policy.Memory ?? ExecutionPolicy.DefaultMemory;

    public int Processes => Policy.MaxProcesses ?? ExecutionPolicy.DefaultMaxProcesses;

    /// <summary>Whether the set-up of a container has something to do that may need the network.</summary>
    public bool NeedsSetupNetwork => (InitCommand is not null || InstallsPackages) && Policy.Network == NetworkAccess.SetupOnly;

    private void Validate()
    {
        if (BindDir is not null && WorkDir is null)
        {
            throw new ArgumentException("BindDir is the engine's name of WorkDir, so WorkDir must be set, too.");
        }

        if (!StopContainer && ContainerName is null)
        {
            throw new ArgumentException("A container that stays (StopContainer = false) needs a ContainerName, so that it can be found again.");
        }

        if (InitCommand is not null && (string.IsNullOrWhiteSpace(InitCommand) || InitCommand.Contains('\0')))
        {
            throw new ArgumentException("InitCommand must be a shell command, or null.");
        }

        if (Runtime is not null && string.IsNullOrWhiteSpace(Runtime))
        {
            throw new ArgumentException("Runtime must be the name of one of the engine's runtimes, or null.");
        }

        if (Volumes.Contains(null!))
        {
            throw new ArgumentException("ExtraVolumes holds a null.");
        }

        foreach (VolumeMount volume in Volumes)
        {
            volume.Validate();
        }

        if (Volumes.GroupBy(v => v.Target.TrimEnd('/'), StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"ExtraVolumes has two mounts at '{twice.Key}'.");
        }

        foreach ((string name, string address) in Hosts)
        {
            if (Uri.CheckHostName(name) is UriHostNameType.Unknown)
            {
                throw new ArgumentException($"ExtraHosts: '{name}' is not the name of a host.");
            }

            if (!System.Net.IPAddress.TryParse(address, out _) && address != HostGateway)
            {
                throw new ArgumentException($"ExtraHosts: '{address}' is neither an IP address nor host-gateway.");
            }
        }

        if (Preload.FirstOrDefault(m => string.IsNullOrWhiteSpace(m) || m.Contains('\0')) is { } bad)
        {
            throw new ArgumentException($"Preload must hold names of Python modules, not '{bad}'.");
        }
    }
}
