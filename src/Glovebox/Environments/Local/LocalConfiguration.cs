namespace Glovebox.Environments.Local;

/// <summary>The settings of the local executor.</summary>
internal static class LocalConfiguration
{
    public static OptionsCodeExecutorKind<LocalCommandLineCodeExecutor, LocalCommandLineCodeExecutorOptions> Kind { get; } = new(
        "local",
        new OptionsSchema<LocalCommandLineCodeExecutorOptions>()
            .CommandLine()
            .Value("CleanupTempFiles", SettingFormat.Flag, o => o.CleanupTempFiles, (o, v) => o.CleanupTempFiles = v)
            .Value("VirtualEnvironment", SettingFormat.Text, o => o.VirtualEnvironment, (o, v) => o.VirtualEnvironment = v)
            .Value("MaxOutput", SettingFormat.LongInteger, o => o.MaxOutput, (o, v) => o.MaxOutput = v),
        (options, loggerFactory, timeProvider) => new(options, loggerFactory, timeProvider),
        executor => executor.Options);
}
