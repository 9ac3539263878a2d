using Glovebox.Jupyter.Displays;

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
        set => field = value is null || (!string.IsNullOrWhiteSpace(value) && !value.Contains('\0'))
            ? value
            : throw new ArgumentException("OutputDir must be a path, or null for the work directory.", nameof(OutputDir));
    }

    public int MaxDisplays
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(MaxDisplays));
            field = value;
        }
    } = 100;

    public long MaxDisplayBytes
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(MaxDisplayBytes));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1L << 30, nameof(MaxDisplayBytes));
            field = value;
        }
    } = 32L << 20;

    public DisplayLimits Limits => new(MaxDisplays, MaxDisplayBytes);
}
