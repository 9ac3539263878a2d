using Glovebox.Jupyter.Displays;

namespace Glovebox.Jupyter;

/// <summary>The options of a Jupyter executor as they were when it was made.</summary>
/// <param name="KernelName">The kernel spec's name.</param>
/// <param name="OutputDir">Where displays are saved; null: in the work directory.</param>
/// <param name="Limits">How much of what a block shows is kept.</param>
internal sealed record JupyterSettings(string KernelName, string? OutputDir, DisplayLimits Limits)
{
    public const string DefaultKernelName = "python3";
    public const int DefaultMaxDisplays = 100;
    public const long DefaultMaxDisplayBytes = 32L << 20;

    /// <exception cref="ArgumentException">Not a name that a kernel spec can have.</exception>
    public static string CheckKernelName(string value, string option) =>
        !string.IsNullOrEmpty(value) && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? value
            : throw new ArgumentException(
                $"{option} must be the name of a kernel spec, such as python3: letters, digits, '-', '_' and '.', not '{value}'.", option);

    /// <exception cref="ArgumentException">Empty, or holds a NUL.</exception>
    public static string? CheckOutputDir(string? value, string option) =>
        value is null || (!string.IsNullOrWhiteSpace(value) && !value.Contains('\0'))
            ? value
            : throw new ArgumentException($"{option} must be a path, or null for the work directory.", option);

    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public static int CheckMaxDisplays(int value, string option)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, option);
        return value;
    }

    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 1 GiB.</exception>
    public static long CheckMaxDisplayBytes(long value, string option)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, option);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1L << 30, option);
        return value;
    }
}
