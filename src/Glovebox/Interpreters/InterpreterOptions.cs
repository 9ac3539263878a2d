using Glovebox.Execution.Displays;

namespace Glovebox.Interpreters;

/// <summary>The options that all interpreter executors have, wherever their interpreters are.</summary>
public sealed record InterpreterOptions
{
    /// <summary>Gets how many checkpoints of each context are kept: copies of its interpreter from after its last blocks. With one, a block
    /// that has to be killed is undone; with N, N - 1 blocks can be rolled back. 0 keeps none. Default: 3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 100.</exception>
    public int Checkpoints
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(Checkpoints));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 100, nameof(Checkpoints));
            field = value;
        }
    } = 3;

    /// <summary>Gets how many contexts there may be at once. Each is one process, its checkpoints beyond that, of those that
    /// <see cref="ExecutionPolicy.MaxProcesses"/> allows. Default: 64.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1, or more than 10,000.</exception>
    public int MaxContexts
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxContexts));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 10_000, nameof(MaxContexts));
            field = value;
        }
    } = 64;

    /// <summary>Gets the host folder in which PNG, JPEG, SVG and HTML displays are saved, as <c>display-0001.png</c> and so on; it is made
    /// when missing and never deleted. Null, the default: the work directory.</summary>
    /// <exception cref="ArgumentException">Empty, or holds a NUL.</exception>
    public string? OutputDir
    {
        get;
        set => field = DisplayLimits.CheckFolder(value, nameof(OutputDir));
    }

    /// <summary>Gets how many displays of one block are kept; further ones are dropped, and the output says so. Default: 100.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int MaxDisplays
    {
        get;
        set => field = DisplayLimits.CheckCount(value, nameof(MaxDisplays));
    } = 100;

    /// <summary>Gets how many bytes the displays of one block may have together, in all their forms; what is beyond is dropped, and the
    /// output says so. Default: 32 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 1 GiB.</exception>
    public long MaxDisplayBytes
    {
        get;
        set => field = DisplayLimits.CheckBytes(value, nameof(MaxDisplayBytes));
    } = 32L << 20;

    internal DisplayLimits Limits => new(MaxDisplays, MaxDisplayBytes);
}
