namespace Glovebox;

/// <summary>What all command-line executors have in common. An executor copies its options when it is made; later changes have no effect.</summary>
public abstract class CommandLineCodeExecutorOptions
{
    private protected CommandLineCodeExecutorOptions()
    {
    }

    /// <summary>Copies options, so that later changes of them have no effect.</summary>
    private protected CommandLineCodeExecutorOptions(CommandLineCodeExecutorOptions original)
    {
        Timeout = original.Timeout;
        WorkDir = original.WorkDir;
        Environment = new Dictionary<string, string>(original.Environment, StringComparer.Ordinal);
        Languages = [.. original.Languages];
    }

    /// <summary>How long one block may run. Default: 60 seconds. <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> sets no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public TimeSpan Timeout
    {
        get;
        set
        {
            // A timer takes at most int.MaxValue milliseconds.
            if (value != System.Threading.Timeout.InfiniteTimeSpan && (value <= TimeSpan.Zero || value.TotalMilliseconds > int.MaxValue))
            {
                throw new ArgumentOutOfRangeException(nameof(Timeout), value, "Timeout must be more than zero and at most 24 days.");
            }

            field = value;
        }
    } = TimeSpan.FromSeconds(60);

    /// <summary>The host directory in which code files are saved and files persist. It is made when missing and never deleted. Null, the
    /// default: one of the environment's own, deleted with the executor.</summary>
    /// <exception cref="ArgumentException">Empty, or holds a NUL.</exception>
    public string? WorkDir
    {
        get;
        set
        {
            if (value is not null && (string.IsNullOrWhiteSpace(value) || value.Contains('\0')))
            {
                throw new ArgumentException("WorkDir must be a path, or null for a temporary directory.", nameof(WorkDir));
            }

            field = value;
        }
    }

    /// <summary>Environment variables of guest programs, beyond the harmless ones that every environment sets (<c>PATH</c>, <c>HOME</c>,
    /// <c>LANG</c>, …); one named here wins. Default: none. Variables of the host reach the guest only when they are named here.</summary>
    public IDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Languages beyond <see cref="CodeLanguage.Defaults"/>; one whose name or alias is taken replaces what had it. Default: none.</summary>
    /// <remarks>In configuration, read them by <see cref="CodeExecutorFactory"/> or by the methods that register executors: the binders of
    /// .NET lose some of their lists.</remarks>
    public IList<CodeLanguage> Languages { get; init; } = [];
}
