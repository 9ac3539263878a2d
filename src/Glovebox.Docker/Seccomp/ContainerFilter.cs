using System.Runtime.InteropServices;
using Docker.DotNet.Models;
using Glovebox.Docker.Containers;
using Glovebox.Docker.Engine;
using Glovebox.Sandboxes.Seccomp;

namespace Glovebox.Docker.Seccomp;

/// <summary>What filters the system calls of a container: a profile, which the engine enforces for all that runs in it, and a program,
/// which the guest agent puts on itself at the seal, and so on all guest code.</summary>
/// <remarks>Either keeps guest code from making files with set-user-id bits. The set-up may have to make them, because packages have such
/// programs: then only the agent's does, and where no agent can, the container is made again with a profile that does,
/// <see cref="WithoutSetId"/>.</remarks>
internal sealed record ContainerFilter
{
    /// <summary>What the engine is told; null: its own filter holds.</summary>
    public string? Profile { get; private init; }

    /// <summary>The agent's program; empty: it filters nothing.</summary>
    public byte[] AgentProgram { get; private init; } = [];

    /// <summary>The same filter with a profile that refuses set-id bits; null: this one does, or it is not ours to say.</summary>
    public ContainerFilter? WithoutSetId { get; private init; }

    /// <summary>Whether the profile is ours.</summary>
    public bool IsOurs { get; private init; }

    /// <summary>Whether a guest puts <see cref="AgentProgram"/> on its code.</summary>
    public bool IsAppliedBy(ContainerSetup guest) => guest.CanFilter && AgentProgram.Length > 0;

    /// <summary>Whether the profile of a container that is there lets set-id bits be made: then a guest has to apply
    /// <see cref="AgentProgram"/>.</summary>
    public bool NeedsGuest(ContainerInspectResponse container) =>
        WithoutSetId is { } strict && container.HostConfig?.SecurityOpt?.Contains($"seccomp={strict.Profile}") != true;

    public static ContainerFilter Choose(ContainerDefinition spec, EngineConnection engine, DockerInternals internals)
    {
        Architecture? architecture = engine.Info.Architecture switch
        {
            "x86_64" or "amd64" => Architecture.X64,
            "aarch64" or "arm64" => Architecture.Arm64,
            _ => null,
        };
        byte[] program = internals.AgentFilters && architecture is { } known
            ? SeccompFilter.Build(known, setIdOnly: spec.Seccomp is not null) ?? []
            : [];
        if (spec.Seccomp is { } named)
        {
            // Podman reads the file itself.
            return new ContainerFilter { Profile = engine.IsPodman ? named.Path ?? named.Text : named.Text, AgentProgram = program };
        }

        if (!internals.SendsProfile || !engine.HasSeccomp || engine.IsPodman || architecture is not { } processor)
        {
            return new ContainerFilter { AgentProgram = program };
        }

        ContainerFilter strict = new()
        {
            Profile = ProfileWriter.Write(processor, allowsSetId: false),
            AgentProgram = program,
            IsOurs = true,
        };
        return spec.Options.InitCommand is null
            ? strict
            : strict with { Profile = ProfileWriter.Write(processor, allowsSetId: true), WithoutSetId = strict };
    }
}
