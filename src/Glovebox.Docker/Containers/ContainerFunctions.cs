using Glovebox.Functions;
using Glovebox.Functions.Setup;
using Glovebox.Sandboxes.Agent;

namespace Glovebox.Docker.Containers;

/// <summary>The functions of a container. The agent writes their files, as root, where guest code reads them; pip runs as guest code
/// does, before the network is cut, into a volume that outlives the container.</summary>
/// <param name="offered">What is offered.</param>
/// <param name="volume">For the packages; null in a container that stays, whose volume has no name and goes with it.</param>
internal sealed class ContainerFunctions(OfferedFunctions offered, WorkVolume? volume)
{
    public const string Folder = "/run/glovebox-functions";
    public const string Packages = $"{Folder}/{OfferedFunctions.PackageFolder}";

    /// <summary>Gives what pip wrote to root, so that guest code cannot change it.</summary>
    private const string TakeBack = $"chown -R -h 0:0 {Packages} 2>/dev/null; chmod -R go-w {Packages} 2>/dev/null; true";

    private readonly GuestFunctions _functions = new(offered, Folder);

    public WorkVolume? Volume => volume;

    public bool HasPackages => _functions.HasPackages;

    /// <summary>Whether the volume holds the packages.</summary>
    public bool IsInstalled { get; private set; }

    /// <summary>All that the guest gets: two of the same text are the same.</summary>
    public string Text => _functions.Text;

    /// <summary>Tells the agent, before the seal.</summary>
    /// <exception cref="FunctionSetupException">There is no agent, and so no Python.</exception>
    public Task OfferAsync(ContainerSetup guest, CancellationToken cancellationToken) =>
        _functions.OfferAsync(Agent(guest), cancellationToken);

    /// <summary>Installs the packages, once for each volume.</summary>
    /// <exception cref="FunctionSetupException">They cannot be installed.</exception>
    public async Task InstallAsync(ContainerSetup guest, UserId user, bool hasNetwork, CancellationToken cancellationToken)
    {
        if (!HasPackages || IsInstalled)
        {
            return;
        }

        // What an attempt before this one left there may be half.
        await SetUpAsync(
            guest,
            $"{TakeBack}; rm -rf {Packages}/* {Packages}/.[!.]*; chown {user.Uid}:{user.Gid} {Packages}",
            cancellationToken).ConfigureAwait(false);
        await _functions.InstallAsync(Agent(guest), hasNetwork, cancellationToken).ConfigureAwait(false);
        await SetUpAsync(guest, $"rm -rf {_functions.Wheels}; {TakeBack}", cancellationToken).ConfigureAwait(false);
        IsInstalled = true;
    }

    private static async Task SetUpAsync(ContainerSetup guest, string command, CancellationToken cancellationToken)
    {
        (int exitCode, string said) = await guest.RunAsRootAsync(command, cancellationToken).ConfigureAwait(false);
        if (exitCode != 0)
        {
            throw new FunctionSetupException($"The folder of the packages cannot be made ready: {said}");
        }
    }

    private static AgentClient Agent(ContainerSetup guest) => guest.Agent
        ?? throw new FunctionSetupException(
            "Functions cannot be offered: the image has no Python.", "Use an image that has one, such as python:3-slim.");
}
