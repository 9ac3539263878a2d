namespace Glovebox.Docker;

/// <summary>What only tests change: each takes one defence or one way away, to show what it is good for.</summary>
internal sealed record DockerInternals
{
    /// <summary>Whether the guest agent is used where the image has Python.</summary>
    public bool UsesAgent { get; init; } = true;

    /// <summary>Whether the network is cut after the set-up.</summary>
    public bool CutsNetwork { get; init; } = true;

    /// <summary>Whether the engine is sent a profile of system calls.</summary>
    public bool SendsProfile { get; init; } = true;

    /// <summary>Whether the guest agent filters system calls.</summary>
    public bool AgentFilters { get; init; } = true;

    /// <summary>Whether the container is told to give no new privileges and to drop capabilities.</summary>
    public bool Hardens { get; init; } = true;
}
