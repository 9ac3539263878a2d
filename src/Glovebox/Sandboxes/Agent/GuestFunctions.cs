using Glovebox.Functions;
using Glovebox.Functions.Setup;

namespace Glovebox.Sandboxes.Agent;

/// <summary>The functions of a sandbox that sees no folder of the host: the agent writes their files, and pip runs inside.</summary>
/// <remarks>The network is the sandbox's own. The variables of the set-up are only pip's: where there are any, it fetches with them and
/// runs no code of a package, and installs without them.</remarks>
/// <param name="offered">What is offered.</param>
/// <param name="folder">The folder for the files, as the guest sees it. Guest code must not be able to write there.</param>
internal sealed class GuestFunctions(OfferedFunctions offered, string folder)
{
    /// <summary>Whether there are packages to install.</summary>
    public bool HasPackages => offered.Set.Packages.Count > 0;

    /// <summary>The folder of the packages.</summary>
    public string Packages { get; } = $"{folder}/{OfferedFunctions.PackageFolder}";

    /// <summary>The folder of wheels that are fetched and not yet installed.</summary>
    public string Wheels => $"{Packages}/.glovebox-wheels";

    /// <summary>All that the guest gets: two of the same text are the same.</summary>
    public string Text => string.Join('\0', [.. offered.Files(Socket).Select(f => $"{f.Path}\0{f.Text}"), .. offered.Set.Packages]);

    private string Socket => $"{folder}/calls/socket";

    /// <summary>Tells the agent, before the seal.</summary>
    /// <exception cref="FunctionSetupException">The agent cannot write there.</exception>
    public async Task OfferAsync(AgentClient agent, CancellationToken cancellationToken)
    {
        GuestOffer offer = new([$"{folder}/{OfferedFunctions.LibraryFolder}", Packages], $"{folder}/{OfferedFunctions.ProgramFolder}")
        {
            Files = [.. offered.Files(Socket).Select(f => f with { Path = $"{folder}/{f.Path}" })],
        };
        await agent.OfferFunctionsAsync(offer, cancellationToken).ConfigureAwait(false);
        await offered.ListenAsync(Socket, agent.ListenAsync, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Installs the packages into their folder, which the guest's user can write.</summary>
    /// <exception cref="FunctionSetupException">They cannot be installed.</exception>
    public async Task InstallAsync(AgentClient agent, bool hasNetwork, CancellationToken cancellationToken)
    {
        if (!HasPackages)
        {
            return;
        }

        PackageSetup setup = new(offered, offered.Set.Packages, Packages, hasNetwork);
        if (offered.SetupVariables.Count == 0)
        {
            // The network is the sandbox's own: there is nothing to keep from code that builds a package.
            await setup.InstallAsync(Run([]), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await setup.FetchAndInstallAsync(
                Wheels, variables: null, Run(offered.SetupVariables), Run([]), cancellationToken).ConfigureAwait(false);
        }

        FunctionSetup.Run Run(
            IEnumerable<KeyValuePair<string, string>> variables) => (request, kill) => RunAsync(agent, request, variables, kill);
    }

    /// <summary>Runs an interpreter with more variables, and not in the work directory, from which it would import.</summary>
    private static async Task<ProcessExit> RunAsync(
        AgentClient agent, ProcessRequest request, IEnumerable<KeyValuePair<string, string>> variables, CancellationToken kill)
    {
        string interpreter = string.Concat(request.Programs.Select(p => $"command -v {p} || ")) + "echo python3";
        string[] arguments =
        [
            .. variables.Select(
                v => $"{v.Key}={v.Value}"), "sh", "-c", $"cd / && exec \"$({interpreter})\" \"$@\"", "sh", .. request.Arguments,
        ];
        return await agent.RunAsync(new ProcessRequest(["env"], arguments) { Output = request.Output }, kill).ConfigureAwait(false)
            ?? new ProcessExit(ProcessExitKind.SandboxLost, 137, "The sandbox has ended.");
    }
}
