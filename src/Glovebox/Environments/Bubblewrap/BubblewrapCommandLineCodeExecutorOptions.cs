namespace Glovebox;

/// <summary>Options of <see cref="BubblewrapCommandLineCodeExecutor"/>.</summary>
public sealed class BubblewrapCommandLineCodeExecutorOptions : CommandLineCodeExecutorOptions
{
    /// <summary>Makes options that hold the defaults.</summary>
    public BubblewrapCommandLineCodeExecutorOptions()
    {
    }

    internal BubblewrapCommandLineCodeExecutorOptions(BubblewrapCommandLineCodeExecutorOptions original)
        : base(original)
    {
        DeleteTempFiles = original.DeleteTempFiles;
        Policy = original.Policy with { };
        ReadOnlyPaths = [.. original.ReadOnlyPaths];
        Preload = [.. original.Preload];
    }

    /// <summary>Whether temporary code files are deleted after they ran; files with a <c># filename:</c> line never are. Default: false.</summary>
    public bool DeleteTempFiles { get; set; }

    /// <summary>What guest code may use. Default: safe, see <see cref="ExecutionPolicy"/>.</summary>
    /// <exception cref="ArgumentNullException">Null.</exception>
    public ExecutionPolicy Policy
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value, nameof(Policy));
            field = value;
        }
    } = new();

    /// <summary>Further host files and directories that the sandbox sees, read-only, under the same absolute path. Default: none.
    /// A path below a place that guest code can write (<c>/tmp</c>, <c>/home</c>, <c>/workspace</c>) is refused.</summary>
    public IList<string> ReadOnlyPaths { get; init; } = [];

    /// <summary>Python modules that the fork server imports once, before the first block (<c>numpy</c>, <c>pandas</c>); blocks then have
    /// them at once. Default: none.</summary>
    public IList<string> Preload { get; init; } = [];
}
