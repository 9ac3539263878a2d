using Glovebox.Cli.Audit;
using Glovebox.Cli.Executors;
using Glovebox.Egress;

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

    /// <summary>Whether <c>auto</c> takes an executor that keeps state between blocks.</summary>
    public bool KeepsState { get; init; }

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

    /// <summary>Rules of what blocks may reach.</summary>
    public IReadOnlyList<string> AllowedDomains { get; init; } = [];

    public IReadOnlyList<EgressSecret> Secrets { get; init; } = [];

    /// <summary>Bytes.</summary>
    public long? Memory { get; init; }

    /// <summary>Cores.</summary>
    public double? Cpus { get; init; }

    /// <summary>Bytes of a block's output.</summary>
    public long? MaxOutput { get; init; }

    /// <summary>Whether all that is printed is shown, and not only what <see cref="MaxOutput"/> keeps.</summary>
    public bool StreamsWholeOutput { get; init; }

    /// <summary>The audit of what runs.</summary>
    public AuditRequest? Audit { get; init; }

    public bool Approve { get; init; }

    public bool Json { get; init; }

    /// <summary>The options that not every executor can honour, and that were given.</summary>
    public ExecutorOptions Given =>
        (Image is null ? 0 : ExecutorOptions.Image)
        | (AllowedDomains.Count == 0 ? 0 : ExecutorOptions.AllowDomain)
        | (Network is null or NetworkAccess.AllowList ? 0 : ExecutorOptions.Network)
        | (Memory is null ? 0 : ExecutorOptions.Memory)
        | (Cpus is null ? 0 : ExecutorOptions.Cpus)
        | (Preload.Count == 0 ? 0 : ExecutorOptions.Preload)
        | (ReadOnlyPaths.Count == 0 ? 0 : ExecutorOptions.ReadOnly);

    public ExecutionPolicy Policy
    {
        get
        {
            ExecutionPolicy policy = new() { Memory = Memory, Cpus = Cpus, MaxOutput = MaxOutput, AllowedDomains = AllowedDomains };
            return Network is { } network ? policy with { Network = network } : policy;
        }
    }
}
