using Glovebox.Hosting;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The settings of the bubblewrap executor.</summary>
internal static class BubblewrapConfiguration
{
    public static OptionsCodeExecutorKind<BubblewrapCommandLineCodeExecutor, BubblewrapCommandLineCodeExecutorOptions> Kind { get; } = new(
        "bubblewrap",
        new OptionsSchema<BubblewrapCommandLineCodeExecutorOptions>()
            .CommandLine()
            .List("ReadOnlyPaths", o => o.ReadOnlyPaths),
        (options, loggerFactory, timeProvider) => new(options, loggerFactory, timeProvider),
        executor => executor.Options);
}
