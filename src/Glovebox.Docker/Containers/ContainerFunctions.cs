using Glovebox.Environments;
using Glovebox.Functions.Setup;
using Glovebox.Guest;

namespace Glovebox.Docker.Containers;

/// <summary>The functions of a Docker executor. The agent writes their files, as root, where guest code reads them; pip runs as guest code
/// does, before the network is cut, into a volume that outlives the container.</summary>
/// <remarks>The network is the container's own. The variables of the set-up are only pip's: where there are any, it fetches with them and runs no
/// code of a package, and installs without them.</remarks>
/// <param name="offered">What is offered.</param>
/// <param name="volume">For the packages; null in a container that stays, whose volume has no name and goes with it.</param>
internal sealed class ContainerFunctions(OfferedFunctions offered, WorkVolume? volume)
{
    public const string Folder = "/run/glovebox-functions";
    public const string Packages = $"{Folder}/{OfferedFunctions.PackageFolder}";

    /// <summary>Wheels that are fetched and not yet installed.</summary>
    private const string Wheels = $"{Packages}/.glovebox-wheels";

    private const string Socket = $"{Folder}/calls/socket";

    /// <summary>Gives what pip wrote to root, so that guest code cannot change it.</summary>
    private const string TakeBack = $"chown -R -h 0:0 {Packages} 2>/dev/null; chmod -R go-w {Packages} 2>/dev/null; true";

    public WorkVolume? Volume => volume;

    public string? VolumeName => volume?.Name;

    public bool HasPackages => offered.Set.Packages.Count > 0;

    /// <summary>Whether the volume holds the packages.</summary>
    public bool IsInstalled { get; private set; }

    /// <summary>All that the guest gets: two of the same text are the same.</summary>
    public string Text => string.Join('\0', [.. offered.Files(Socket).Select(f => $"{f.Path}\0{f.Text}"), .. offered.Set.Packages]);

    /// <summary>Tells the agent, before the seal.</summary>
    /// <exception cref="FunctionSetupException">There is no agent, and so no Python.</exception>
    public async Task OfferAsync(IContainerGuest guest, CancellationToken cancellationToken)
    {
        GuestOffer offer = new([$"{Folder}/{OfferedFunctions.LibraryFolder}", Packages], $"{Folder}/{OfferedFunctions.ProgramFolder}", offered.HasCalls ? Socket : "")
        {
            Files = [.. offered.Files(Socket).Select(f => f with { Path = $"{Folder}/{f.Path}" })],
        };
        await Agent(guest).OfferFunctionsAsync(offer, offered.Server.ServeAsync, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Installs the packages, once for each volume.</summary>
    /// <param name="guest">The container, whose set-up goes on.</param>
    /// <param name="user">The user that guest code runs as.</param>
    /// <param name="hasNetwork">Whether the set-up has a network.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FunctionSetupException">They cannot be installed.</exception>
    public async Task InstallAsync(IContainerGuest guest, UserId user, bool hasNetwork, CancellationToken cancellationToken)
    {
        if (!HasPackages || IsInstalled)
        {
            return;
        }

        // What an attempt before this one left there may be half.
        await SetUpAsync(guest, $"{TakeBack}; rm -rf {Packages}/* {Packages}/.[!.]*; chown {user.Uid}:{user.Gid} {Packages}", cancellationToken).ConfigureAwait(false);
        PackageSetup setup = new(offered, Packages, hasNetwork);
        if (offered.SetupVariables.Count == 0)
        {
            // The network is the container's own: there is nothing to keep from code that builds a package.
            await setup.InstallAsync(Run([]), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await setup.FetchAndInstallAsync(Wheels, variables: null, Run(offered.SetupVariables), Run([]), cancellationToken).ConfigureAwait(false);
        }

        await SetUpAsync(guest, $"rm -rf {Wheels}; {TakeBack}", cancellationToken).ConfigureAwait(false);
        IsInstalled = true;

        FunctionSetup.Run Run(IEnumerable<KeyValuePair<string, string>> variables) =>
            (command, output, kill) => RunAsync(guest, command, variables, output, kill);
    }

    /// <summary>Runs an interpreter with more variables, and not in the work directory, from which it would import.</summary>
    private static async Task<ProcessExit> RunAsync(
        IContainerGuest guest, GuestCommand command, IEnumerable<KeyValuePair<string, string>> variables, IOutputSink output, CancellationToken kill)
    {
        string interpreter = string.Concat(command.Programs.Select(p => $"command -v {p} || ")) + "echo python3";
        string[] arguments =
        [
            .. variables.Select(v => $"{v.Key}={v.Value}"), "sh", "-c", $"cd / && exec \"$({interpreter})\" \"$@\"", "sh", .. command.Arguments,
        ];
        return await Agent(guest).RunAsync(new GuestCommand(["env"], arguments), output, kill).ConfigureAwait(false)
            ?? new ProcessExit(ProcessExitKind.EnvironmentLost, 137, "The container has ended.");
    }

    private static async Task SetUpAsync(IContainerGuest guest, string command, CancellationToken cancellationToken)
    {
        BoundedText said = new();
        ProcessExit? exit = await guest.RunSetupAsync(command, said, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (exit is not { ExitCode: 0 })
        {
            throw new FunctionSetupException($"The folder of the packages cannot be made ready: {said}");
        }
    }

    private static GuestAgentClient Agent(IContainerGuest guest) => guest is AgentGuest agent
        ? agent.Agent
        : throw new FunctionSetupException("Functions cannot be offered: the image has no Python.", "Use an image that has one, such as python:3-slim.");
}
