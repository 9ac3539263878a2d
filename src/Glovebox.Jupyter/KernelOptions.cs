using Glovebox.Execution.Displays;

namespace Glovebox.Jupyter;

/// <summary>The options that all Jupyter executors have, wherever their kernels are.</summary>
internal sealed record KernelOptions
{
    public const string DefaultName = "python3";

    public string KernelName
    {
        get;
        set => field = !string.IsNullOrEmpty(value) && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? value
            : throw new ArgumentException(
                $"KernelName must be the name of a kernel spec, such as python3: letters, digits, '-', '_' and '.', not '{value}'.",
                nameof(KernelName));
    } = DefaultName;

    public string? OutputDir
    {
        get;
        set => field = DisplayLimits.CheckFolder(value, nameof(OutputDir));
    }

    public int MaxDisplays
    {
        get;
        set => field = DisplayLimits.CheckCount(value, nameof(MaxDisplays));
    } = 100;

    public long MaxDisplayBytes
    {
        get;
        set => field = DisplayLimits.CheckBytes(value, nameof(MaxDisplayBytes));
    } = 32L << 20;

    public DisplayLimits Limits => new(MaxDisplays, MaxDisplayBytes);
}
