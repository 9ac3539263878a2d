using Glovebox.Hosting;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Docker.Hosting;

/// <summary>The settings of the Docker executors.</summary>
internal static class DockerConfiguration
{
    private static readonly OptionsSchema<DeviceRequest> _device = new OptionsSchema<DeviceRequest>()
        .Value("Driver", SettingFormat.Text, d => d.Driver.Length == 0 ? null : d.Driver, (d, v) => d.Driver = v)
        .Value("Count", SettingFormat.Integer, d => d.Count, (d, v) => d.Count = v)
        .List("DeviceIds", d => d.DeviceIds)
        .List("Capabilities", d => d.Capabilities)
        .Map("Options", d => d.Options);

    private static readonly OptionsSchema<VolumeDraft> _volume = new OptionsSchema<VolumeDraft>()
        .Value("Source", SettingFormat.Text, v => v.Source, (v, text) => v.Source = text)
        .Value("Target", SettingFormat.Text, v => v.Target, (v, text) => v.Target = text)
        .Value("ReadOnly", SettingFormat.Flag, v => v.ReadOnly, (v, flag) => v.ReadOnly = flag);

    public static OptionsCodeExecutorKind<DockerCommandLineCodeExecutor, DockerCommandLineCodeExecutorOptions> Kind { get; } = new(
        "docker",
        Container(new OptionsSchema<DockerCommandLineCodeExecutorOptions>()),
        (options, loggerFactory, timeProvider) => new(options, loggerFactory, timeProvider),
        executor => Writable(executor.Options));

    public static OptionsCodeExecutorKind<DockerJupyterCodeExecutor, DockerJupyterCodeExecutorOptions> JupyterKind { get; } = new(
        "docker-jupyter",
        Container(new OptionsSchema<DockerJupyterCodeExecutorOptions>())
            .Value("KernelName", SettingFormat.Text, o => o.KernelName, (o, v) => o.KernelName = v)
            .Value("OutputDir", SettingFormat.Text, o => o.OutputDir, (o, v) => o.OutputDir = v)
            .Value("MaxDisplays", SettingFormat.Integer, o => o.MaxDisplays, (o, v) => o.MaxDisplays = v)
            .Value("MaxDisplayBytes", SettingFormat.LongInteger, o => o.MaxDisplayBytes, (o, v) => o.MaxDisplayBytes = v),
        (options, loggerFactory, timeProvider) => new(options, loggerFactory, timeProvider),
        executor => Writable(executor.Options));

    private static OptionsSchema<T> Container<T>(OptionsSchema<T> schema)
        where T : DockerCodeExecutorOptions => schema
            .CommandLine()
            .Value("Image", SettingFormat.Text, o => o.Image, (o, v) => o.Image = v)
            .Value("ContainerName", SettingFormat.Text, o => o.ContainerName, (o, v) => o.ContainerName = v)
            .Value("BindDir", SettingFormat.Text, o => o.BindDir, (o, v) => o.BindDir = v)
            .Value("AutoRemove", SettingFormat.Flag, o => o.AutoRemove, (o, v) => o.AutoRemove = v)
            .Value("StopContainer", SettingFormat.Flag, o => o.StopContainer, (o, v) => o.StopContainer = v)
            .Items("DeviceRequests", o => o.DeviceRequests, ReadDevice, (d, writer, index) => _device.Write(d, writer.Section(index)))
            .Items(
                "ExtraVolumes",
                o => o.ExtraVolumes,
                ReadVolume,
                (v, writer, index) => _volume.Write(new VolumeDraft(v), writer.Section(index)))
            .Map("ExtraHosts", o => o.ExtraHosts)
            .Value("InitCommand", SettingFormat.Text, o => o.InitCommand, (o, v) => o.InitCommand = v)
            .Value("Runtime", SettingFormat.Text, o => o.Runtime, (o, v) => o.Runtime = v)
            .Value("SeccompProfile", SettingFormat.Text, o => o.SeccompProfile, (o, v) => o.SeccompProfile = v)
            .Value("PullPolicy", SettingFormat.Choice<PullPolicy>(), o => o.PullPolicy, (o, v) => o.PullPolicy = v)
            .Value("DockerHost", SettingFormat.Text, o => o.DockerHost, (o, v) => o.DockerHost = v);

    private static T Writable<T>(T options)
        where T : DockerCodeExecutorOptions => options.PullProgress is null
            ? options
            : throw new NotSupportedException(
                "PullProgress cannot be written to configuration: it is code. Set it on the options of the executor that is read.");

    private static DeviceRequest ReadDevice(IConfigurationSection section)
    {
        DeviceRequest device = new();
        _device.Read(section, device);
        return device;
    }

    private static VolumeMount ReadVolume(IConfigurationSection section)
    {
        VolumeDraft draft = new();
        _volume.Read(section, draft);
        return new VolumeMount(
            draft.Source ?? throw SettingReader.Error(section, "Source is missing."),
            draft.Target ?? throw SettingReader.Error(section, "Target is missing."),
            draft.ReadOnly);
    }

    /// <summary>A <see cref="VolumeMount"/> while it is read.</summary>
    private sealed class VolumeDraft
    {
        public VolumeDraft()
        {
        }

        public VolumeDraft(VolumeMount volume) => (Source, Target, ReadOnly) = volume;

        public string? Source { get; set; }

        public string? Target { get; set; }

        public bool ReadOnly { get; set; }
    }
}
