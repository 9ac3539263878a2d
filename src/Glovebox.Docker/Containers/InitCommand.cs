namespace Glovebox.Docker.Containers;

/// <summary>The caller's own command of the set-up: it runs as root, in <c>/</c>, before any guest code of this container.</summary>
internal static class InitCommand
{
    /// <summary>Runs it.</summary>
    /// <exception cref="PolicyNotEnforceableException">Guest code would have its rights, too.</exception>
    /// <exception cref="SandboxUnavailableException">It failed.</exception>
    public static async Task RunAsync(string command, ContainerSetup guest, ContainerUser user, CancellationToken cancellationToken)
    {
        if (!guest.HasAgent && user.IsRoot)
        {
            throw new PolicyNotEnforceableException(
                "InitCommand needs rights that guest code, which is to be root because the work directory is root's, would have too in an image without Python.",
                "Give the work directory to another user: chown 1000:1000 DIRECTORY");
        }

        BoundedText said = new();
        ProcessExit? exit = await guest.RunAsRootAsync(command, said, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (exit is null || exit.ExitCode != 0)
        {
            throw new SandboxUnavailableException(
                "init-command-failed",
                $"InitCommand failed with exit code {exit?.ExitCode ?? 137}: {exit?.Message}{said}",
                "It runs as root in a POSIX shell in '/', with the image's own programs. Network = None gives it no network.");
        }
    }
}
