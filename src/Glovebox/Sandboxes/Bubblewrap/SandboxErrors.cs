namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>Says in words why bwrap could not make a sandbox.</summary>
internal static class SandboxErrors
{
    private static readonly string[] ForbiddenNamespaces =
    [
        "namespace", "uid map", "gid map", "setgroups", "loopback: Failed RTM_NEWADDR", "Failed to make / slave", "pivot_root",
    ];

    /// <summary>What bwrap says where parts of <c>/proc</c> are hidden, as engines do it in containers: the kernel then lets no whole
    /// <c>/proc</c> be mounted.</summary>
    private const string ProcHidden = "Can't mount proc";

    public static SandboxUnavailableException Explain(SandboxStartException failure, string workDirectory, string mountedAs)
    {
        if (failure.ExitCode == SandboxCommands.ControlGroupRefused)
        {
            return new SandboxUnavailableException(
                "sandbox-failed", "The control group of the sandbox takes no members.", "Run in a session that owns its control group.");
        }

        string message = failure.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .LastOrDefault(l => l.StartsWith("bwrap:", StringComparison.Ordinal)) ?? failure.Message.Trim();
        message = WorkspacePath.Printable(message.Length == 0 ? "it exited with no output" : message.TrimEnd('.'));
        message = message.Replace(mountedAs, workDirectory, StringComparison.Ordinal);
        if (message.Contains(workDirectory, StringComparison.Ordinal))
        {
            return new SandboxUnavailableException(
                "work-directory-unusable",
                $"The work directory '{workDirectory}' cannot be used: {message}.",
                "Its owner must be able to enter every folder above it. Name another, or none for a temporary one.");
        }

        if (message.Contains(ProcHidden, StringComparison.OrdinalIgnoreCase))
        {
            return new SandboxUnavailableException(
                "user-namespaces-forbidden",
                $"This container hides parts of /proc, so bubblewrap cannot give a sandbox its own: {message}.",
                "Start the container with --security-opt systempaths=unconfined (docker run; in Compose, security_opt), with "
                + "--security-opt unmask=ALL (podman run), or with procMount: Unmasked in a pod with hostUsers: false (Kubernetes). Or use "
                + "the Docker executor.");
        }

        if (ForbiddenNamespaces.Any(text => message.Contains(text, StringComparison.OrdinalIgnoreCase)))
        {
            return new SandboxUnavailableException(
                "user-namespaces-forbidden",
                $"This machine does not let bubblewrap make the namespaces of a sandbox: {message}.",
                "Allow unprivileged user namespaces: sysctl -w user.max_user_namespaces=15000, and where they exist "
                + "kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0. Inside a container, its seccomp "
                + "and AppArmor profiles must allow them. Or use the Docker executor.");
        }

        return new SandboxUnavailableException("sandbox-failed", $"Bubblewrap could not make the sandbox: {message}.");
    }

    /// <summary>Says that root's files in a work directory cannot be shown as another user's.</summary>
    public static SandboxUnavailableException NotMapped(string path, string reason, Exception? cause = null) => new(
        "work-directory-unusable",
        $"The work directory '{path}' belongs to root, guest code never runs as root, and its files cannot be mapped to another user: "
        + $"{reason}.",
        $"Give it to another user (chown -R 1000:1000 '{path}'), or name none. Or use Linux 5.12 or newer and a file system that can map "
        + "owners, such as ext4, xfs or btrfs.",
        cause);
}
