using System.Text;
using Glovebox.Functions;
using Glovebox.Functions.Setup;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The functions of a bubblewrap executor: their files on the host, which every sandbox sees read-only.</summary>
/// <remarks>Packages are fetched and installed in sandboxes of their own, which see no work directory. The one that fetches them runs pip
/// and no code of a package: it alone has the network, which is the host's, and the variables of the set-up.</remarks>
internal sealed class SandboxFunctions(OfferedFunctions offered) : IAsyncDisposable
{
    private const string Socket = BubblewrapArguments.CallsFolder + "/socket";
    private const string Library = $"{BubblewrapArguments.FunctionsFolder}/{OfferedFunctions.LibraryFolder}";
    private const string Programs = $"{BubblewrapArguments.FunctionsFolder}/{OfferedFunctions.ProgramFolder}";
    private const string Packages = $"{BubblewrapArguments.FunctionsFolder}/{OfferedFunctions.PackageFolder}";

    /// <summary>Where both sandboxes have their temporary folder.</summary>
    private const string Wheels = "/tmp/wheels";
    private const string Variables = "variables";

    private readonly FunctionFolder _folder = new(offered, Socket, isPrivate: false);

    public bool HasCalls => offered.HasCalls;

    /// <summary>Where the files are on the host.</summary>
    public string Folder => _folder.Path;

    /// <summary>What of the host a sandbox sees, and where.</summary>
    public IReadOnlyList<(string Host, string Guest)> Folders =>
        [(_folder.Library, Library), (_folder.Programs, Programs), (_folder.Packages, Packages)];

    /// <summary>Installs the packages, as far as that is not done.</summary>
    /// <param name="user">The user of the sandboxes.</param>
    /// <param name="hasNetwork">Whether the set-up has the network.</param>
    /// <param name="launch">Says how a command of the installation is started, given its folders.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FunctionSetupException">A package cannot be installed.</exception>
    public async Task PrepareAsync(
        GuestUser user,
        bool hasNetwork,
        Func<IReadOnlyList<string>, BubblewrapInstallation?, SandboxCommand> launch,
        CancellationToken cancellationToken)
    {
        if (offered.Set.Packages.Count == 0)
        {
            return;
        }

        await _folder.InstallAsync(async () =>
        {
            if (user.MustSwitch)
            {
                GiveAway(_folder.Packages, user);
                GiveAway(_folder.Scratch, user);
            }

            BubblewrapInstallation installation = new(_folder.Packages, Packages, _folder.Scratch, SharesNetwork: false);
            BubblewrapPrograms fetching = new(command => launch(command, installation with { SharesNetwork = hasNetwork }));
            BubblewrapPrograms installing = new(command => launch(command, installation));
            await using (fetching.ConfigureAwait(false))
            await using (installing.ConfigureAwait(false))
            {
                await new PackageSetup(offered, Packages, hasNetwork)
                    .FetchAndInstallAsync(
                        Wheels,
                        $"/tmp/{Variables}",
                        (request, kill) => WithVariablesAsync(user, () => fetching.RunAsync(request, kill)),
                        installing.RunAsync,
                        cancellationToken)
                    .ConfigureAwait(false);
            }
        }).ConfigureAwait(false);
    }

    /// <summary>Tells a sandbox's agent, before the seal.</summary>
    public async Task TellAsync(AgentClient agent, CancellationToken cancellationToken)
    {
        await agent.OfferFunctionsAsync(new GuestOffer([Library, Packages], Programs), cancellationToken).ConfigureAwait(false);
        await offered.ListenAsync(Socket, agent.ListenAsync, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    /// <summary>Has the variables of the set-up in a file that only the user of the sandboxes reads, for as long as a program
    /// runs.</summary>
    private async Task<ProcessExit> WithVariablesAsync(GuestUser user, Func<Task<ProcessExit>> run)
    {
        using HostDirectory directory = new(_folder.Scratch, user.Owner);
        using MemoryStream text = new(Encoding.UTF8.GetBytes(string.Concat(offered.SetupVariables.Select(v => $"{v.Key}={v.Value}\0"))));
        await directory.WriteAsync(Variables, text).ConfigureAwait(false);
        try
        {
            return await run().ConfigureAwait(false);
        }
        finally
        {
            // The program deletes it, unless it failed before. Code that builds a package must not find it.
            await directory.DeleteAsync(Variables).ConfigureAwait(false);
        }
    }

    private static void GiveAway(string path, GuestUser user)
    {
        using HostDirectory directory = new(path, user.Id);
        directory.GiveAwayRoot();
    }
}
