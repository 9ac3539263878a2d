using Glovebox.Cli.Executors;

namespace Glovebox.Cli.Run;

/// <summary>What a <c>glovebox run</c> was asked to do. What was not asked for is null.</summary>
internal sealed record RunRequest
{
    /// <summary>A path; null or <c>-</c> for standard input.</summary>
    public string? File { get; init; }

    /// <summary>The language of the whole input.</summary>
    public string? Language { get; init; }

    /// <summary>The name of an executor, or <c>auto</c>.</summary>
    public string Executor { get; init; } = ExecutorKinds.Auto;

    public string? Image { get; init; }

    public TimeSpan? Timeout { get; init; }

    public string? WorkDir { get; init; }

    /// <summary>A path, or <c>-</c>, of what each block reads from its standard input.</summary>
    public string? StandardInput { get; init; }

    /// <summary>The arguments of each block's program.</summary>
    public IReadOnlyList<string> ProgramArguments { get; init; } = [];

    /// <summary>Environment variables, each as <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    public IReadOnlyList<string> Preload { get; init; } = [];

    /// <summary>Requirements of pip.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>Absolute paths.</summary>
    public IReadOnlyList<string> ReadOnlyPaths { get; init; } = [];

    public NetworkAccess? Network { get; init; }

    /// <summary>Bytes.</summary>
    public long? Memory { get; init; }

    /// <summary>Cores.</summary>
    public double? Cpus { get; init; }

    /// <summary>Bytes of a block's output.</summary>
    public long? MaxOutput { get; init; }

    /// <summary>Whether all that is printed is shown, and not only what <see cref="MaxOutput"/> keeps.</summary>
    public bool StreamsWholeOutput { get; init; }

    public bool Approve { get; init; }

    public bool Json { get; init; }

    /// <summary>The options that not every executor can honour, and that were given.</summary>
    public ExecutorOptions Given =>
        (Image is null ? 0 : ExecutorOptions.Image)
        | (Network is null ? 0 : ExecutorOptions.Network)
        | (Memory is null ? 0 : ExecutorOptions.Memory)
        | (Cpus is null ? 0 : ExecutorOptions.Cpus)
        | (Preload.Count == 0 ? 0 : ExecutorOptions.Preload)
        | (ReadOnlyPaths.Count == 0 ? 0 : ExecutorOptions.ReadOnly);

    public ExecutionPolicy Policy
    {
        get
        {
            ExecutionPolicy policy = new() { Memory = Memory, Cpus = Cpus, MaxOutput = MaxOutput };
            return Network is { } network ? policy with { Network = network } : policy;
        }
    }
}
