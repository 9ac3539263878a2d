namespace Glovebox;

/// <summary>Options of <see cref="BubblewrapCommandLineCodeExecutor"/>.</summary>
public sealed class BubblewrapCommandLineCodeExecutorOptions : CommandLineCodeExecutorOptions
{
    /// <summary>Further host files and directories that the sandbox sees, read-only, under the same absolute path. Default: none.
    /// A path below a place that guest code can write (<c>/tmp</c>, <c>/home</c>, <c>/workspace</c>) is refused.</summary>
    public IList<string> ReadOnlyPaths { get; set => field = value ?? throw new ArgumentNullException(nameof(ReadOnlyPaths)); } = [];

    internal override BubblewrapCommandLineCodeExecutorOptions Copy()
    {
        BubblewrapCommandLineCodeExecutorOptions copy = (BubblewrapCommandLineCodeExecutorOptions)base.Copy();
        copy.ReadOnlyPaths = [.. ReadOnlyPaths];
        return copy;
    }
}
