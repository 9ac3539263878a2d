namespace Glovebox;

/// <summary>Options of <see cref="BubblewrapCommandLineCodeExecutor"/>.</summary>
public sealed class BubblewrapCommandLineCodeExecutorOptions : CommandLineCodeExecutorOptions
{
    /// <summary>Makes options that hold the defaults.</summary>
    public BubblewrapCommandLineCodeExecutorOptions()
    {
    }

    internal BubblewrapCommandLineCodeExecutorOptions(BubblewrapCommandLineCodeExecutorOptions original)
        : base(original) => ReadOnlyPaths = [.. original.ReadOnlyPaths];

    /// <summary>Further host files and directories that the sandbox sees, read-only, under the same absolute path. Default: none.
    /// A path below a place that guest code can write (<c>/tmp</c>, <c>/home</c>, <c>/workspace</c>) is refused.</summary>
    public IList<string> ReadOnlyPaths { get; init; } = [];
}
