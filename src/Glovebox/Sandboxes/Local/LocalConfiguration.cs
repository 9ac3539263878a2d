using Glovebox.Hosting;

namespace Glovebox.Sandboxes.Local;

/// <summary>The settings of the local executor.</summary>
internal static class LocalConfiguration
{
    public static OptionsCodeExecutorKind<LocalCommandLineCodeExecutor, LocalCommandLineCodeExecutorOptions> Kind { get; } = new(
        "local",
        new OptionsSchema<LocalCommandLineCodeExecutorOptions>()
            .CommandLine()
            .Value("VirtualEnvironment", SettingFormat.Text, o => o.VirtualEnvironment, (o, v) => o.VirtualEnvironment = v),
        (options, loggerFactory, timeProvider) => new(options, loggerFactory, timeProvider),
        executor => executor.Options);
}
