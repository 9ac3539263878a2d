using Glovebox.Docker.Seccomp;

namespace Glovebox.Docker.Containers;

/// <summary>What a container is made of, beyond the options.</summary>
internal sealed record ContainerPlan
{
    public required ContainerDefinition Spec { get; init; }

    public required DockerInternals Internals { get; init; }

    /// <summary>Whether the engine is Podman.</summary>
    public bool IsPodman { get; init; }

    public required string Name { get; init; }

    public required UserId User { get; init; }

    /// <summary>The work directory as the engine's machine names it; null: the volume.</summary>
    public required string? BoundDirectory { get; init; }

    /// <summary>The volume of the work directory; null: a bound directory, or a volume without a name, which goes with the
    /// container.</summary>
    public required string? Volume { get; init; }

    /// <summary>The functions to offer, or null.</summary>
    public ContainerFunctions? Functions { get; init; }

    /// <summary>Which system calls can be made in it.</summary>
    public required ContainerFilter Filter { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }
}

/// <summary>What a container is to be, as its callers have said. Without a profile of system calls, it gets ours.</summary>
internal sealed record ContainerDefinition(DockerSandboxOptions Options, SandboxRequest Request, NamedProfile? Seccomp)
{
    public ExecutionPolicy Policy => Request.Policy;

    /// <summary>The work directory on this machine, absolute; null: a volume of the engine.</summary>
    public string? WorkDirectory { get; } = Request.WorkDirectory is { } path ? Path.GetFullPath(path) : null;

    /// <summary>Whether the set-up has something to do that may need the network, which is cut after it.</summary>
    public bool NeedsSetupNetwork =>
        Policy.Network is NetworkAccess.SetupOnly or NetworkAccess.AllowList
        && (Options.InitCommand is not null || Request.Functions is { Set.Packages.Count: > 0 });
}
