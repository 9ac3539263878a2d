using Glovebox.Tests.Support;

namespace Glovebox.Docker.Tests.Support;

/// <summary>Executors of an engine, put to the conformance suite.</summary>
public sealed class DockerKind : ExecutorKind
{
    private readonly string _image;
    private readonly DockerInternals _internals;
    private readonly string? _host;

    private DockerKind(string image, DockerInternals? internals = null, string? host = null)
    {
        _image = image;
        _internals = internals ?? new();
        _host = host;
    }

    /// <summary>With the guest agent.</summary>
    public static DockerKind Agent { get; } = new(TestImages.Python);

    /// <summary>By the engine's exec, as in an image without Python.</summary>
    public static DockerKind Plain { get; } = new(TestImages.Python, new DockerInternals { UsesAgent = false });

    /// <summary>On Podman's compatible socket.</summary>
    public static DockerKind Podman { get; } = new(TestImages.Python, host: Environment.GetEnvironmentVariable("GLOVEBOX_TEST_PODMAN"));

    public override bool IsIsolated => true;

    /// <summary>A volume of the engine, seen from a container.</summary>
    public override string? FindOwnWorkDirectory(string file)
    {
        string[] engine = _host is null ? [] : ["-H", _host];
        string volumes = DockerCommand.RunAsync("docker", [.. engine, "volume", "ls", "-q", "--filter", "label=glovebox.owner"]).GetAwaiter().GetResult();
        return volumes.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(volume => DockerCommand
            .TryAsync("docker", [.. engine, "run", "--rm", "--network", "none", "-v", $"{volume}:/v:ro", _image, "test", "-e", $"/v/{file}"])
            .GetAwaiter().GetResult().ExitCode == 0);
    }

    public override ICodeExecutor Create(ExecutorSetup setup) => new DockerCommandLineCodeExecutor(
        setup.Configured(new DockerCommandLineCodeExecutorOptions
        {
            Image = _image,
            DockerHost = _host,
            PullPolicy = PullPolicy.Never,
            Timeout = setup.Timeout,
            WorkDir = setup.WorkDir,
            Policy = new() { MaxOutput = setup.MaxOutput, Network = setup.Network ?? NetworkAccess.SetupOnly },
            DeleteTempFiles = setup.DeleteTempFiles,
            Environment = new Dictionary<string, string>(setup.Environment),
            Languages = [.. setup.Languages],
            ExtraVolumes = [.. setup.VisibleFolders.Select(f => new VolumeMount(f, f, ReadOnly: true))],
        }),
        _internals,
        setup.LoggerFactory,
        setup.TimeProvider);
}
