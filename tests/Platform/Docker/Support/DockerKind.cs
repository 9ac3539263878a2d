using System.Collections.Concurrent;

namespace Glovebox.Tests.Platform.Docker.Support;

/// <summary>Executors of an engine, put to the conformance suite.</summary>
public sealed class DockerKind : ExecutorKind
{
    private readonly string _image;
    private readonly DockerInternals _internals;
    private readonly string? _host;
    private readonly ConcurrentDictionary<string, string> _workDirectories = new();

    private DockerKind(string image, DockerInternals? internals = null, string? host = null)
    {
        _image = image;
        _internals = internals ?? new();
        _host = host;
        StartsSlowly = true;
    }

    /// <summary>With the guest agent.</summary>
    public static DockerKind Agent { get; } = new(TestImages.Python);

    /// <summary>By the engine's exec, as in an image without Python.</summary>
    public static DockerKind Plain { get; } = new(TestImages.Python, new DockerInternals { UsesAgent = false });

    /// <summary>On Podman's compatible socket.</summary>
    public static DockerKind Podman { get; } = new(TestImages.Python, host: Environment.GetEnvironmentVariable("GLOVEBOX_TEST_PODMAN"));

    public override bool IsIsolated => true;

    /// <summary>A volume of the engine, seen from the container that has it: no other may mount it, for then it could not be removed. One
    /// that has been found is asked for by its name from then on.</summary>
    public override string? FindOwnWorkDirectory(string file)
    {
        if (_workDirectories.TryGetValue(file, out string? known))
        {
            return Docker("volume", "inspect", known).ExitCode == 0 ? known : null;
        }

        // Other tests have containers, too: to copy starts no process in them.
        string containers = Docker("ps", "-q", "--filter", "label=glovebox.owner").Output;
        string? container = containers.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(c => Docker("cp", $"{c}:/workspace/{file}", "-").ExitCode == 0);
        if (container is null)
        {
            return null;
        }

        (int exitCode, string volume, string errors) = Docker("inspect", "-f", "{{range .Mounts}}{{if eq .Destination \"/workspace\"}}{{.Name}}{{end}}{{end}}", container);
        Assert.True(exitCode == 0 && volume.Trim().Length > 0, $"The work directory is no volume. {volume} {errors}");
        return _workDirectories[file] = volume.Trim();
    }

    public override ICodeExecutor Create(ExecutorSetup setup) => new DockerCommandLineCodeExecutor(
        setup.Configured(new DockerCommandLineCodeExecutorOptions
        {
            Image = _image,
            DockerHost = _host,
            PullPolicy = PullPolicy.Never,
            Policy = new() { Network = setup.Network ?? NetworkAccess.SetupOnly },
            ExtraVolumes = [.. setup.VisibleFolders.Select(f => new VolumeMount(f, f, ReadOnly: true))],
        }),
        _internals,
        setup.LoggerFactory,
        setup.TimeProvider);

    private (int ExitCode, string Output, string Errors) Docker(params string[] arguments) =>
        DockerCommand.TryAsync("docker", _host is null ? arguments : ["-H", _host, .. arguments]).GetAwaiter().GetResult();
}
