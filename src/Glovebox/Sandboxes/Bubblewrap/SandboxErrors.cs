namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>Says in words why bwrap could not make a sandbox.</summary>
internal static class SandboxErrors
{
    private static readonly string[] ForbiddenNamespaces =
    [
        "namespace", "uid map", "gid map", "setgroups", "loopback: Failed RTM_NEWADDR", "Failed to make / slave", "pivot_root", "Can't mount proc",
    ];

    public static SandboxUnavailableException Explain(string errors, string workDirectory, string mountedAs)
    {
        string message = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(
            l => l.StartsWith("bwrap:", StringComparison.Ordinal))
            ?? errors.Trim();
        message = WorkspacePath.Printable(message.Length == 0 ? "it exited with no output" : message.TrimEnd('.'));
        message = message.Replace(mountedAs, workDirectory, StringComparison.Ordinal);
        if (message.Contains(workDirectory, StringComparison.Ordinal))
        {
            return new SandboxUnavailableException(
                "work-directory-unusable",
                $"The work directory '{workDirectory}' cannot be used: {message}.",
                "Its owner must be able to enter every folder above it. Name another, or none for a temporary one.");
        }

        if (ForbiddenNamespaces.Any(text => message.Contains(text, StringComparison.OrdinalIgnoreCase)))
        {
            return new SandboxUnavailableException(
                "user-namespaces-forbidden",
                $"This machine does not let bubblewrap make the namespaces of a sandbox: {message}.",
                "Allow unprivileged user namespaces: sysctl -w user.max_user_namespaces=15000, and where they exist kernel.unprivileged_userns_clone=1 and "
                + "kernel.apparmor_restrict_unprivileged_userns=0. Inside a container, its seccomp and AppArmor profiles must allow them. Or use the Docker executor.");
        }

        return new SandboxUnavailableException("sandbox-failed", $"Bubblewrap could not make the sandbox: {message}.");
    }
}
