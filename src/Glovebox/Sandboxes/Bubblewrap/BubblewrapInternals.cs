using Glovebox.Sandboxes.Agent;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>What only tests change: each takes one defence or one way away, to show what it is good for.</summary>
internal sealed record BubblewrapInternals
{
    /// <summary>Whether guest code is another user of the host than root, also in a work directory of root's: the first of
    /// two walls.</summary>
    public bool AvoidsRoot { get; init; } = true;

    /// <summary>Whether the kernel's files below <c>/proc</c> and the device nodes cannot be changed, even by root: the second
    /// wall.</summary>
    public bool SealsKernel { get; init; } = true;

    /// <summary>Whether the system calls are filtered.</summary>
    public bool UsesSeccomp { get; init; } = true;

    /// <summary>Whether the agent hides its process from those of the same uid.</summary>
    public bool HidesAgent { get; init; } = true;

    /// <summary>Whether the agent is the first process of its PID namespace.</summary>
    public bool IsFirstProcess { get; init; } = true;

    /// <summary>Whether the agent forks ahead only while no guest process is there to see it.</summary>
    public bool HidesSpares { get; init; } = true;

    /// <summary>Whether guest code cannot write installed packages: it is another user than the one who installed them, where there are
    /// two, and sees them read-only.</summary>
    public bool SealsPackages { get; init; } = true;

    /// <summary>What buys time.</summary>
    public Shortcuts Shortcuts { get; init; } = Shortcuts.All;

    /// <summary>Whether the agent is used at all.</summary>
    public bool UsesAgent { get; init; } = true;

    /// <summary>Whether control groups are used.</summary>
    public bool UsesControlGroups { get; init; } = true;

    /// <summary>Where <c>bwrap</c> is looked for; null: PATH.</summary>
    public string? SearchPath { get; init; }
}
