using Glovebox.Sandboxes.Host;

namespace Glovebox.Docker.Containers;

/// <summary>Makes sure, from inside a container whose set-up is over, that it is as it was asked for.</summary>
internal static class GuestCheck
{
    private const string Loopback = "lo";

    /// <summary>Prints the loopback, and each interface that is up: the lowest bit of its flags says so. Where the guest is root, that part
    /// of <c>/sys</c> is hidden: an interface is up then if it has a route or an address.</summary>
    private const string ShowInterfaces = """
        if cd /sys/class/net 2>/dev/null; then
            for name in *; do
                read -r flags <"$name/flags" || continue
                case $name:$flags in lo:*) ;; *:0x*[02468ace]) continue;; esac
                echo "$name"
            done
            exit 0
        fi
        ways=lo
        for file in /proc/net/route /proc/net/if_inet6; do
            while read -r line; do ways="$ways $line"; done <$file
        done 2>/dev/null
        case $ways in *Iface*) ;; *) exit 1;; esac
        while IFS=' :' read -r name rest; do
            case $rest in [0-9]*) ;; *) continue;; esac
            case $ways in *"$name"*) echo "$name";; esac
        done </proc/net/dev
        """;

    private const string NetworkHint = "Use Network = None, or report this with the version of your engine.";

    /// <summary>Makes sure that there is no network any more. Tunnels of the kernel that lead nowhere, and are down, do not
    /// count.</summary>
    /// <exception cref="SandboxUnavailableException">There is one, or the guest does not tell: it may have any.</exception>
    public static async Task NetworkAsync(ISandbox sandbox, CancellationToken cancellationToken)
    {
        BoundedText lines = new(OutputStream.StandardOutput);
        ProcessRequest request = new(["sh"], ["-c", ShowInterfaces]) { Output = lines };
        ProcessExit exit = await sandbox.RunAsync(request, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        string[] found = lines.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (exit.ExitCode != 0 || !found.Contains(Loopback))
        {
            throw new SandboxUnavailableException(
                "network-not-cut", "The container does not tell which network it has after the set-up.", NetworkHint);
        }

        if (found.Length > 1)
        {
            string left = string.Join(", ", found.Where(n => n != Loopback).Select(WorkspacePath.Printable));
            throw new SandboxUnavailableException(
                "network-not-cut", $"The container still has a network after the set-up: {left}.", NetworkHint);
        }
    }

    /// <summary>Makes sure that the work directory is the one that we see, and that guest code can use it.</summary>
    public static async Task WorkDirectoryAsync(
        IWorkspace inside, HostDirectory files, string path, UserId user, CancellationToken cancellationToken)
    {
        string probe = $".glovebox-{Guid.NewGuid():n}";
        using MemoryStream nothing = new();
        await files.WriteAsync(probe, nothing, cancellationToken).ConfigureAwait(false);
        try
        {
            if (!await inside.DeleteAsync(probe, cancellationToken).ConfigureAwait(false))
            {
                throw new SandboxUnavailableException(
                    "work-directory-unusable",
                    $"The work directory '{path}' is not the one that the engine's machine has under that name.",
                    "Where this program runs in a container itself, or the engine on another machine, BindDir is that machine's name of"
                    + " WorkDir. Or leave WorkDir out.");
            }
        }
        catch (WorkspaceException e)
        {
            throw NotTheGuests(path, user, e);
        }
        finally
        {
            await files.DeleteAsync(probe, CancellationToken.None).ConfigureAwait(false);
        }
    }

    public static SandboxUnavailableException NotTheGuests(string path, UserId user, Exception cause) => new(
        "work-directory-unusable",
        $"The work directory '{path}' cannot be used by uid {user.Uid}, which guest code runs as: {cause.Message}",
        "Make it that user's, name its owner in Policy.User, or leave WorkDir out.",
        cause);
}
