namespace Glovebox.Environments.Bubblewrap;

/// <summary>The settings of the bubblewrap executor.</summary>
internal static class BubblewrapConfiguration
{
    public static OptionsCodeExecutorKind<BubblewrapCommandLineCodeExecutor, BubblewrapCommandLineCodeExecutorOptions> Kind { get; } = new(
        "bubblewrap",
        new OptionsSchema<BubblewrapCommandLineCodeExecutorOptions>()
            .CommandLine()
            .Value("DeleteTempFiles", SettingFormat.Flag, o => o.DeleteTempFiles, (o, v) => o.DeleteTempFiles = v)
            .Nested("Policy", o => o.Policy, CommandLineConfiguration.Policy)
            .List("ReadOnlyPaths", o => o.ReadOnlyPaths)
            .List("Preload", o => o.Preload),
        (options, loggerFactory, timeProvider) => new(options, loggerFactory, timeProvider),
        executor => executor.Options);
}
