using Glovebox.Docker.Containers;
using Glovebox.Docker.Engine;
using Glovebox.Docker.Seccomp;

namespace Glovebox.Docker;

/// <summary>Which controls a container enforces, and how.</summary>
internal static class DockerControls
{
    /// <summary>Makes sure that what the caller set can be enforced by this engine.</summary>
    /// <exception cref="PolicyNotEnforceableException">It cannot.</exception>
    public static void Check(ContainerDefinition spec, EngineConnection engine)
    {
        ExecutionPolicy policy = spec.Policy;
        string? notLimited = policy.Memory is not null && !engine.Info.MemoryLimit ? nameof(policy.Memory)
            : policy.Cpus is not null && !engine.Info.CPUCfsQuota ? nameof(policy.Cpus)
            : policy.MaxProcesses is not null && !engine.Info.PidsLimit ? nameof(policy.MaxProcesses)
            : null;
        if (notLimited is not null)
        {
            throw new PolicyNotEnforceableException(
                $"{notLimited} was set, but this Docker engine cannot limit it.",
                "Use an engine that has the control groups for it, or leave the limit out to have it as far as this engine allows.");
        }

        if (policy.DiskSpace is not null && spec.Request.WorkDirectory is not null)
        {
            throw new PolicyNotEnforceableException(
                "DiskSpace was set, but Docker cannot limit what a directory of the host holds.",
                "Put the work directory on a file system of that size, or leave WorkDir out.");
        }

        if (spec.Seccomp is { Path: not null } && !engine.HasSeccomp)
        {
            throw new PolicyNotEnforceableException(
                "SeccompProfile was set, but this Docker engine cannot filter system calls.",
                "Use an engine that has seccomp, or leave SeccompProfile out.");
        }

        if (spec.Options.Runtime is { } runtime && engine.Info.Runtimes is { Count: > 0 } known && !known.ContainsKey(runtime))
        {
            throw new SandboxUnavailableException(
                "runtime-missing",
                $"The Docker engine does not have the runtime '{runtime}'; it has {string.Join(", ", known.Keys)}.",
                "Add it to /etc/docker/daemon.json and restart the engine, or leave Runtime out.");
        }
    }

    /// <summary>Describes what is enforced in a container; without a guest, in one that would be made.</summary>
    public static SandboxCapabilities Describe(
        ContainerDefinition spec, EngineConnection engine, ContainerUser user, ContainerFilter filter, ContainerSetup? guest)
    {
        bool usesAgent = guest is not { Agent: null };
        ExecutionPolicy policy = spec.Policy;
        string groups = engine.Info.CgroupVersion is { Length: > 0 } version ? $"control group, version {version}" : "control group";
        return new SandboxCapabilities
        {
            Kind = DockerSandboxProvider.KindName,
            IsIsolated = true,
            UsesGuestAgent = usesAgent,
            GuestAgentDetail = guest is null ? $"the image {spec.Options.Image} is not there yet and will be pulled at the first run"
                : usesAgent ? null
                : "the image has no Python; the engine starts each block",
            Controls =
            [
                Limit("memory", engine.Info.MemoryLimit, groups, "this engine cannot limit it"),
                Limit("processes", engine.Info.PidsLimit, groups, "this engine cannot limit them"),
                Limit("cpus", policy.Cpus is not null, groups, "no limit was set"),
                policy.DiskSpace is not null
                    ? new("disk", EnforcementLevel.Full, $"quotas of the container and of its work directory, each; {engine.Info.Driver}")
                    : new(
                        "disk",
                        EnforcementLevel.Partial,
                        "temporary file systems have a size; the container and the work directory have the disk's"),
                Limit(
                    "network",
                    policy.Network != NetworkAccess.Full,
                    "a network namespace with nothing but its loopback" + policy.ListDetail,
                    "the engine's network, as asked for"),
                new(
                    "filesystem",
                    EnforcementLevel.Full,
                    (policy.ReadOnlyRootFilesystem == true ? "the image read-only" : "a copy of the image")
                    + ", nothing of the host but what was named"),
                user.IsRoot
                    ? new("user", EnforcementLevel.Partial, $"root without capabilities: {user.Reason}")
                    : new("user", EnforcementLevel.Full, $"uid {user.Id.Uid} without capabilities: {user.Reason}"),
                SystemCalls(spec, engine, filter, agentFilters: guest is null || filter.IsAppliedBy(guest)),
                new("output", EnforcementLevel.Full, "bounded by the executor"),
            ],
        };

        static ControlCapability Limit(string control, bool holds, string how, string whyNot) =>
            holds ? new(control, EnforcementLevel.Full, how) : new(control, EnforcementLevel.None, whyNot);
    }

    private static ControlCapability SystemCalls(
        ContainerDefinition spec, EngineConnection engine, ContainerFilter filter, bool agentFilters)
    {
        string agent = agentFilters ? ", and the guest agent's filter" : "";
        if (spec.Seccomp is { } named)
        {
            string also = agentFilters ? "; the guest agent refuses set-user-id bits" : "";
            return named.Path is null
                ? new("seccomp", EnforcementLevel.None, $"unconfined, as asked for{also}")
                : new("seccomp", EnforcementLevel.Full, $"the profile {named.Name}{also}");
        }

        return filter.IsOurs ? new("seccomp", EnforcementLevel.Full, $"Glovebox's profile{agent}")
            : engine.HasSeccomp && agentFilters ? new("seccomp", EnforcementLevel.Full, $"the engine's profile{agent}")
            : engine.HasSeccomp ? new("seccomp", EnforcementLevel.Partial, "the engine's profile, which lets set-user-id bits be made")
            : agentFilters ? new("seccomp", EnforcementLevel.Full, "the guest agent's filter; this engine has no profile")
            : new("seccomp", EnforcementLevel.None, "this engine has no filter");
    }
}
