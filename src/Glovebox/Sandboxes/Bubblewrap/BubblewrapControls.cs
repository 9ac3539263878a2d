using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>Which controls a sandbox enforces, and how.</summary>
internal static class BubblewrapControls
{
    private const string NoGroup = "no control group can be made here";
    private const string ReadOnlyKernel = "/proc read-only where it is the machine's, no /sys";

    /// <summary>Makes sure that what the caller set can be enforced.</summary>
    /// <exception cref="PolicyNotEnforceableException">It cannot.</exception>
    public static void Check(ExecutionPolicy policy, ControlGroup? group)
    {
        const string Hint = "Run as root or in a delegated control group, or leave the limit out to have it as far as this machine allows.";
        if (policy.Memory is not null && group is not { LimitsMemory: true })
        {
            throw new PolicyNotEnforceableException("Memory was set, but no control group can be made here that limits it.", Hint);
        }

        if (policy.Cpus is not null && group is not { LimitsCpus: true })
        {
            throw new PolicyNotEnforceableException("Cpus was set, but no control group can be made here that limits them.", Hint);
        }

        if (policy.DiskSpace is not null)
        {
            throw new PolicyNotEnforceableException(
                "DiskSpace was set, but bubblewrap cannot limit what a directory of the host holds.",
                "Put the work directory on a file system of that size, and leave DiskSpace out.");
        }

        if (policy.ReadOnlyRootFilesystem == false)
        {
            throw new PolicyNotEnforceableException(
                "ReadOnlyRootFilesystem is false, but the sandbox shares the host's system directories and so keeps them read-only.",
                "Leave it out.");
        }
    }

    public static SandboxCapabilities Describe(
        ExecutionPolicy policy, BubblewrapPlace place, GuestUser user, AgentHello? hello, bool hasSeccomp)
    {
        ControlGroup? group = place.Group;
        bool hasMounts = place.Mounts is not null;
        string groups = $"control group, version {group?.Version ?? 1}";
        return new SandboxCapabilities
        {
            Kind = BubblewrapSandboxProvider.KindName,
            IsIsolated = true,
            UsesGuestAgent = hello is not null,
            GuestAgentDetail = hello is not null ? null : "the sandbox has no Python; each block gets a sandbox of its own",
            Controls =
            [
                group is { LimitsMemory: true } ? new("memory", EnforcementLevel.Full, groups)
                    : hello is null ? new("memory", EnforcementLevel.None, NoGroup)
                    : new("memory", EnforcementLevel.Partial, $"address space of each process; {NoGroup}"),
                group is { LimitsProcesses: true } ? new("processes", EnforcementLevel.Full, groups)
                    : hello is null ? new("processes", EnforcementLevel.None, NoGroup)
                    : new("processes", EnforcementLevel.Full, "processes of the user in its namespace (RLIMIT_NPROC)"),
                group is { LimitsCpus: true } ? new("cpus", EnforcementLevel.Full, groups)
                    : new("cpus", EnforcementLevel.None, "no limit was set"),
                new("disk", EnforcementLevel.Partial, "temporary file systems have a size; the work directory has the disk's"),
                policy.Network == NetworkAccess.Full
                    ? new("network", EnforcementLevel.None, "the host's network, as asked for")
                    : new("network", EnforcementLevel.Full, "a network namespace with nothing but its loopback" + policy.ListDetail),
                new("filesystem", EnforcementLevel.Full, "system directories read-only, nothing else of the host but the work directory"),
                new("user", EnforcementLevel.Full, $"uid {user.Uid} of the host, without capabilities" + (
                    user.StandsForRoot ? "; the work directory is root's, and root's files are mapped to that uid"
                    : !user.MustSwitch ? ""
                    : hasMounts ? "; in a work directory of root's, root's files would be mapped to that uid"
                    : "; a work directory of root's would be refused")),
                user.MustSwitch && !hasMounts
                    ? new("kernel", EnforcementLevel.Partial, $"{ReadOnlyKernel}; device nodes are protected by their owner alone")
                    : new("kernel", EnforcementLevel.Full, $"{ReadOnlyKernel}, device nodes that cannot be changed"),
                hasSeccomp ? new("seccomp", EnforcementLevel.Full, "a filter of system calls")
                    : new("seccomp", EnforcementLevel.None, "no filter for this processor"),
                new("output", EnforcementLevel.Full, "bounded by the executor"),
            ],
        };
    }
}
