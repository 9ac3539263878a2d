namespace Glovebox;

/// <summary>Options of <see cref="LocalCommandLineCodeExecutor"/>.</summary>
public sealed class LocalCommandLineCodeExecutorOptions : CommandLineCodeExecutorOptions
{
    /// <summary>The folder of a Python virtual environment: its <c>bin</c> (or <c>Scripts</c>) comes first on PATH. Default:
    /// none.</summary>
    /// <exception cref="ArgumentException">Empty, or holds a NUL.</exception>
    public string? VirtualEnvironment
    {
        get;
        set => field = CheckVirtualEnvironment(value, nameof(VirtualEnvironment));
    }

    internal static string? CheckVirtualEnvironment(string? value, string name) =>
        value is null || (!string.IsNullOrWhiteSpace(value) && !value.Contains('\0'))
            ? value
            : throw new ArgumentException("VirtualEnvironment must be a path, or null.", name);
}
