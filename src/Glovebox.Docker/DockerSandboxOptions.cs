using System.Text.RegularExpressions;

namespace Glovebox.Docker;

/// <summary>Options of <see cref="DockerSandboxProvider"/>: what its containers are made of, beyond what every sandbox is made
/// of.</summary>
public sealed partial class DockerSandboxOptions
{
    private const string HostGateway = "host-gateway";

    /// <summary>The image. It needs a POSIX shell; with Python in it, blocks run by the guest agent.</summary>
    /// <value>Default: <c>python:3-slim</c>, and <c>quay.io/jupyter/scipy-notebook</c> for <see cref="DockerJupyterCodeExecutor"/>.</value>
    /// <exception cref="ArgumentException">Empty, or holds white space.</exception>
    public string Image
    {
        get;
        set
        {
            if (string.IsNullOrWhiteSpace(value) || value.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
            {
                throw new ArgumentException($"Image must be the name of an image, such as python:3-slim, not '{value}'.", nameof(Image));
            }

            field = value;
        }
    } = "python:3-slim";

    /// <summary>The container's name. Null, the default: <c>glovebox-</c> and a unique number. A container of this name that an earlier run
    /// of an executor left is replaced; anyone else's is an error.</summary>
    /// <exception cref="ArgumentException">Not a name that Docker takes.</exception>
    public string? ContainerName
    {
        get;
        set
        {
            if (value is not null && !NamePattern().IsMatch(value))
            {
                throw new ArgumentException(
                    "ContainerName must be letters, digits, '_', '.' and '-', at least two, and begin with a letter or digit, "
                    + $"not '{value}'.",
                    nameof(ContainerName));
            }

            field = value;
        }
    }

    /// <summary>The name that the engine's machine has for the work directory, where that is another one:
    /// this program itself runs in a container, say. Absolute. Null, the default: the same.</summary>
    /// <exception cref="ArgumentException">Not an absolute path.</exception>
    public string? BindDir
    {
        get;
        set
        {
            if (value is not null && !VolumeMount.IsAbsolute(value))
            {
                throw new ArgumentException($"BindDir must be an absolute path on the engine's machine, not '{value}'.", nameof(BindDir));
            }

            field = value;
        }
    }

    /// <summary>Whether the engine removes the container once it has ended. Default: true.</summary>
    public bool AutoRemove { get; set; } = true;

    /// <summary>Whether stopping or disposing the executor, or the end of this process, ends the container. Default: true. With false it
    /// stays, its processes ended, and a later executor of the same <see cref="ContainerName"/> and options attaches to it again.</summary>
    public bool StopContainer { get; set; } = true;

    /// <summary>Devices for the container, such as GPUs. Default: none.</summary>
    public IList<DeviceRequest> DeviceRequests
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(DeviceRequests));
    } = [];

    /// <summary>Further directories and volumes. Default: none.</summary>
    public IList<VolumeMount> ExtraVolumes { get; set => field = value ?? throw new ArgumentNullException(nameof(ExtraVolumes)); } = [];

    /// <summary>Further names in the container's <c>/etc/hosts</c>, with their addresses; <c>host-gateway</c> stands for the engine's
    /// machine. Default: none.</summary>
    public IDictionary<string, string> ExtraHosts
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(ExtraHosts));
    } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>A shell command that runs as root in each new container before anything else, with network unless that is
    /// <see cref="NetworkAccess.None"/>. Its failure fails the start. Null, the default: none.</summary>
    /// <remarks>It runs in <c>/</c>, not in the work directory, where an earlier guest may have left modules for root's interpreters to
    /// import. Name files by their whole path (<c>/workspace/requirements.txt</c>), and trust what they hold no more than the
    /// guest.</remarks>
    public string? InitCommand { get; set; }

    /// <summary>The engine's runtime, such as <c>runsc</c>. Null, the default: the engine's own default.</summary>
    public string? Runtime { get; set; }

    /// <summary>The engine's filter of system calls: the path of a JSON profile, or <c>unconfined</c>.</summary>
    /// <value>Null, the default: Glovebox's own profile, the engine's default narrowed to what guest code needs. Another one is the
    /// caller's to answer for; where the image has Python, files with set-user-id bits cannot be made all the same. The file is read when
    /// the executor is made.</value>
    /// <exception cref="ArgumentException">Empty, or holds a NUL.</exception>
    public string? SeccompProfile
    {
        get;
        set
        {
            if (value is not null && (string.IsNullOrWhiteSpace(value) || value.Contains('\0')))
            {
                throw new ArgumentException(
                    "SeccompProfile must be the path of a JSON profile, 'unconfined', or null.", nameof(SeccompProfile));
            }

            field = value;
        }
    }

    /// <summary>When the image is pulled. Default: <see cref="PullPolicy.Missing"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public PullPolicy PullPolicy
    {
        get;
        set
        {
            if (!Enum.IsDefined(value))
            {
                throw new ArgumentOutOfRangeException(nameof(PullPolicy), value, "PullPolicy must be Missing, Always or Never.");
            }

            field = value;
        }
    }

    /// <summary>Gets told how a pull goes on, on any thread, one call at a time. The default is null: progress is not reported.</summary>
    public IProgress<ImagePullProgress>? PullProgress { get; set; }

    /// <summary>The engine's address: <c>unix:///PATH</c>, <c>npipe://./pipe/NAME</c>, <c>tcp://HOST:PORT</c>. Null, the default: as the
    /// <c>docker</c> command finds it (<c>DOCKER_HOST</c>, <c>DOCKER_CONTEXT</c>, the current context, the usual sockets).</summary>
    public string? DockerHost { get; set; }

    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9_.-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    /// <summary>Copies the options, so that later changes of them have no effect, and checks the copy.</summary>
    /// <exception cref="ArgumentException">An option is invalid, or cannot be had with another.</exception>
    internal DockerSandboxOptions Copy()
    {
        DockerSandboxOptions copy = (DockerSandboxOptions)MemberwiseClone();
        copy.DeviceRequests =
            [.. DeviceRequests.Select(d => new DeviceRequest(d ?? throw new ArgumentException("DeviceRequests holds a null.")))];
        copy.ExtraVolumes = [.. ExtraVolumes];
        copy.ExtraHosts = new Dictionary<string, string>(ExtraHosts, StringComparer.Ordinal);
        copy.Validate();
        return copy;
    }

    private void Validate()
    {
        if (!StopContainer && ContainerName is null)
        {
            throw new ArgumentException(
                "A container that stays (StopContainer = false) needs a ContainerName, so that it can be found again.");
        }

        if (InitCommand is not null && (string.IsNullOrWhiteSpace(InitCommand) || InitCommand.Contains('\0')))
        {
            throw new ArgumentException("InitCommand must be a shell command, or null.");
        }

        if (Runtime is not null && string.IsNullOrWhiteSpace(Runtime))
        {
            throw new ArgumentException("Runtime must be the name of one of the engine's runtimes, or null.");
        }

        if (ExtraVolumes.Contains(null!))
        {
            throw new ArgumentException("ExtraVolumes holds a null.");
        }

        foreach (VolumeMount volume in ExtraVolumes)
        {
            volume.Validate();
        }

        if (ExtraVolumes.GroupBy(v => v.Target.TrimEnd('/'), StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"ExtraVolumes has two mounts at '{twice.Key}'.");
        }

        foreach ((string name, string address) in ExtraHosts)
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
    }
}
