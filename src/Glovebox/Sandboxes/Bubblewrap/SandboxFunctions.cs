using System.Text;
using Glovebox.Functions;
using Glovebox.Functions.Setup;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The functions of a bubblewrap executor: their files on the host, which every sandbox sees read-only.</summary>
/// <remarks>Packages are fetched and installed in sandboxes of their own, which see no work directory. The one that fetches them runs pip
/// and no code of a package: it alone has the network, which is the host's, and the variables of the set-up.
/// What came from wheels alone is shared with other sandboxes: no code of a package or a guest has run where it was made.</remarks>
internal sealed class SandboxFunctions(OfferedFunctions offered) : IAsyncDisposable
{
    private const string Socket = BubblewrapArguments.CallsFolder + "/socket";
    private const string Library = $"{BubblewrapArguments.FunctionsFolder}/{OfferedFunctions.LibraryFolder}";
    private const string Programs = $"{BubblewrapArguments.FunctionsFolder}/{OfferedFunctions.ProgramFolder}";
    private const string Packages = $"{BubblewrapArguments.FunctionsFolder}/{OfferedFunctions.PackageFolder}";

    /// <summary>The packages' name among the mounts of a sandbox.</summary>
    private const string MountName = "packages";

    /// <summary>Where both sandboxes have their temporary folder.</summary>
    private const string Wheels = "/tmp/wheels";
    private const string Variables = "variables";

    /// <summary>Where wheels are that the caller names by their paths.</summary>
    private const string LocalWheels = "local";

    private readonly FunctionFolder _folder = new(offered, Socket, isPrivate: false);
    private PackageLease? _packages;

    public bool HasCalls => offered.HasCalls;

    /// <summary>Where the files are on the host.</summary>
    public string Folder => _folder.Path;

    /// <summary>What of the host a sandbox sees, and where.</summary>
    public IReadOnlyList<(string Host, string Guest)> Folders =>
        [(_folder.Library, Library), (_folder.Programs, Programs), (_packages?.Installed ?? _folder.Packages, Packages)];

    /// <summary>Installs the packages, as far as that is not done, and lets a sandbox reach them.</summary>
    /// <param name="user">The user that pip runs as: not the one that guest code runs as, unless there is only one.</param>
    /// <param name="hasNetwork">Whether the set-up has the network.</param>
    /// <param name="key">Makes the key by which other sandboxes may share the packages, or null.</param>
    /// <param name="place">The sandbox.</param>
    /// <param name="launch">Says how a command of the installation is started, given its folders.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FunctionSetupException">A package cannot be installed.</exception>
    public async Task PrepareAsync(
        GuestUser user,
        bool hasNetwork,
        Func<string?> key,
        BubblewrapPlace place,
        Func<IReadOnlyList<string>, BubblewrapInstallation?, SandboxCommand> launch,
        CancellationToken cancellationToken)
    {
        if (offered.Set.Packages.Count == 0)
        {
            return;
        }

        if (_packages is { } installed)
        {
            place.Mounts?.Add(MountName, installed.Installed);
            return;
        }

        // Without mounts, a user that is not ours reaches the packages through folders that all may enter.
        bool isOpen = user.MustSwitch && place.Mounts is null;
        string? shared = isOpen ? null : key();
        bool isMounted = false;
        using CancellationTokenSource deadline = FunctionSetup.Deadline(offered);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            _packages = await PackageCache.Shared.TakeAsync(shared, InstallAsync, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw FunctionSetup.TimedOut(offered, PackageSetup.Late);
        }

        if (!isMounted)
        {
            place.Mounts?.Add(MountName, _packages.Installed);
        }

        async Task<bool> InstallAsync(PackageFolder packages)
        {
            if (isOpen)
            {
                TemporaryFolders.LetOthersEnter(packages.Path);
            }

            place.Mounts?.Add(MountName, packages.Installed);
            isMounted = true;
            bool isOfWheels = false;
            await _folder.UseScratchAsync(async () =>
            {
                BubblewrapInstallation installation = new(packages.Installed, Packages, _folder.Scratch, user, SharesNetwork: false);
                isOfWheels = await InstallInAsync(installation, hasNetwork, launch, cancellationToken).ConfigureAwait(false);
            }).ConfigureAwait(false);

            // A wheel may have been changed while it was installed.
            return isOfWheels && shared is not null && shared == key();
        }
    }

    /// <summary>Tells a sandbox's agent, before the seal.</summary>
    public async Task TellAsync(AgentClient agent, CancellationToken cancellationToken)
    {
        await agent.OfferFunctionsAsync(new GuestOffer([Library, Packages], Programs), cancellationToken).ConfigureAwait(false);
        await offered.ListenAsync(Socket, agent.ListenAsync, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_packages is { } packages)
        {
            await packages.DisposeAsync().ConfigureAwait(false);
        }

        await _folder.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Runs pip.</summary>
    /// <returns>Whether all came from wheels.</returns>
    private async Task<bool> InstallInAsync(
        BubblewrapInstallation installation,
        bool hasNetwork,
        Func<IReadOnlyList<string>, BubblewrapInstallation?, SandboxCommand> launch,
        CancellationToken cancellationToken)
    {
        GuestUser user = installation.User;
        if (user.MustSwitch)
        {
            GiveAway(installation.Packages, user);
            GiveAway(installation.Scratch, user);
        }

        PackageSetup setup = new(
            offered, await CopyWheelsAsync(user, cancellationToken).ConfigureAwait(false), installation.Target, hasNetwork);
        BubblewrapPrograms fetching = new(command => launch(command, installation with { SharesNetwork = hasNetwork }));
        BubblewrapPrograms installing = new(command => launch(command, installation));
        await using (fetching.ConfigureAwait(false))
        await using (installing.ConfigureAwait(false))
        {
            return await setup
                .FetchAndInstallAsync(
                    Wheels,
                    $"/tmp/{Variables}",
                    (request, kill) => WithVariablesAsync(user, () => fetching.RunAsync(request, kill)),
                    installing.RunAsync,
                    cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Copies the wheels that are named by their paths to where pip sees them, whoever may read them on the host.</summary>
    /// <returns>The packages, with pip's paths.</returns>
    private async Task<IReadOnlyList<string>> CopyWheelsAsync(GuestUser user, CancellationToken cancellationToken)
    {
        using HostDirectory directory = new(_folder.Scratch, user.Owner);
        string[] packages = [.. offered.Set.Packages];
        for (int i = 0; i < packages.Length; i++)
        {
            if (LocalWheel.Of(packages[i]) is { } wheel)
            {
                FileStream content = wheel.Open();
                await using (content.ConfigureAwait(false))
                {
                    string place = $"{LocalWheels}/{i}/{Path.GetFileName(wheel.Path)}";
                    await directory.WriteAsync(place, content, cancellationToken).ConfigureAwait(false);
                    packages[i] = wheel.At(_ => $"/tmp/{place}");
                }
            }
        }

        return packages;
    }

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
