using Glovebox.Sandboxes.Host;

namespace Glovebox.Docker.Containers;

/// <summary>Makes sure, from inside a container whose set-up is over, that it is as it was asked for.</summary>
internal static class GuestCheck
{
    /// <summary>Makes sure that there is no network any more.</summary>
    public static async Task NetworkAsync(ISandbox sandbox, CancellationToken cancellationToken)
    {
        if (await ContainerNetwork.InterfacesAsync(sandbox, cancellationToken).ConfigureAwait(false) is { Count: > 0 } left)
        {
            throw new SandboxUnavailableException(
                "network-not-cut", $"The container still has a network after the set-up: {string.Join(", ", left)}.", "Use Network = None, or report this with the version of your engine.");
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
                    "Where this program runs in a container itself, or the engine on another machine, BindDir is that machine's name of WorkDir. Or leave WorkDir out.");
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
