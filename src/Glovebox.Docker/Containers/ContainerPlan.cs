using Glovebox.Docker.Seccomp;

namespace Glovebox.Docker.Containers;

/// <summary>What a container is made of, beyond the options.</summary>
internal sealed record ContainerPlan
{
    public required DockerSettings Settings { get; init; }

    public required DockerInternals Internals { get; init; }

    /// <summary>Whether the engine is Podman.</summary>
    public bool IsPodman { get; init; }

    public required string Name { get; init; }

    public required UserId User { get; init; }

    /// <summary>The work directory as the engine's machine names it; null: the volume.</summary>
    public required string? BoundDirectory { get; init; }

    /// <summary>The volume of the work directory; null: a bound directory, or a volume without a name, which goes with the container.</summary>
    public required string? Volume { get; init; }

    /// <summary>The functions to offer, or null.</summary>
    public ContainerFunctions? Functions { get; init; }

    /// <summary>Which system calls can be made in it.</summary>
    public required ContainerFilter Filter { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }
}
