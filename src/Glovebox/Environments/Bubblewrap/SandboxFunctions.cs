using Glovebox.Environments.Host;
using Glovebox.Functions.Setup;
using Glovebox.Guest;

namespace Glovebox.Environments.Bubblewrap;

/// <summary>The functions of a bubblewrap executor: their files on the host, which every sandbox sees read-only.</summary>
/// <remarks>Packages are installed in a sandbox of their own, the only one that can write their folder and the only one that has the
/// network where code has none. It sees no work directory.</remarks>
internal sealed class SandboxFunctions(OfferedFunctions offered)
{
    private const string Socket = BubblewrapArguments.CallsFolder + "/socket";
    private const string Library = $"{BubblewrapArguments.FunctionsFolder}/{OfferedFunctions.LibraryFolder}";
    private const string Programs = $"{BubblewrapArguments.FunctionsFolder}/{OfferedFunctions.ProgramFolder}";
    private const string Packages = $"{BubblewrapArguments.FunctionsFolder}/{OfferedFunctions.PackageFolder}";

    private FunctionFolder? _folder;

    public bool HasCalls => offered.HasCalls;

    /// <summary>Makes the folder with the files, as far as that is not done, and says where it is on the host.</summary>
    public string MakeFolder() => (_folder ??= FunctionFolder.Create(offered, _ => Socket, isPrivate: false)).Path;

    /// <summary>What of the host a sandbox sees, and where.</summary>
    public IReadOnlyList<(string Host, string Guest)> Folders => _folder is { } folder
        ? [(folder.Library, Library), (folder.Programs, Programs), (folder.Packages, Packages)]
        : [];

    /// <summary>Installs the packages, as far as that is not done.</summary>
    /// <param name="user">The user of the sandboxes.</param>
    /// <param name="hasNetwork">Whether the set-up has the network.</param>
    /// <param name="launch">Says how a command of the installation is started, given its folders and its variables.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FunctionSetupException">A package cannot be installed.</exception>
    public async Task PrepareAsync(
        GuestUser user,
        bool hasNetwork,
        Func<IReadOnlyList<string>, BubblewrapInstallation, IReadOnlyDictionary<string, string>, SandboxCommand> launch,
        CancellationToken cancellationToken)
    {
        if (offered.Set.Packages.Count == 0 || _folder is not { } folder)
        {
            return;
        }

        await folder.InstallAsync(async () =>
        {
            if (user.MustSwitch)
            {
                GiveAway(folder.Packages, user);
                GiveAway(folder.Scratch, user);
            }

            BubblewrapInstallation installation = new(folder.Packages, Packages, folder.Scratch);
            PlainSandbox sandbox = new(command => launch(command, installation, offered.SetupVariables));
            await using (sandbox.ConfigureAwait(false))
            {
                await FunctionSetup.InstallAsync(offered, Packages, sandbox.RunAsync, hasNetwork, cancellationToken).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    /// <summary>Tells a sandbox's agent, before the seal.</summary>
    public Task TellAsync(GuestAgentClient agent, CancellationToken cancellationToken) =>
        agent.OfferFunctionsAsync(
        new GuestOffer([Library, Packages], Programs, offered.HasCalls ? Socket : ""), offered.Server.ServeAsync, cancellationToken);

    public async Task DeleteAsync()
    {
        if (_folder is { } folder)
        {
            _folder = null;
            await folder.DeleteAsync().ConfigureAwait(false);
        }
    }

    private static void GiveAway(string path, GuestUser user)
    {
        using HostDirectory directory = new(path, new UserId(user.Uid, user.Gid));
        directory.GiveAwayRoot();
    }
}
