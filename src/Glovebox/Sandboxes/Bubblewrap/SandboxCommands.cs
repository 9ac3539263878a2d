using System.Globalization;
using Glovebox.Sandboxes.Agent;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>Says how commands are started inside one sandbox.</summary>
internal sealed class SandboxCommands(
    BubblewrapProgram bwrap, SandboxRequest request, BubblewrapHome home, BubblewrapPlace place, IReadOnlyList<string> readOnlyPaths, BubblewrapInternals internals)
{
    /// <summary>Whether a filter of system calls is put on the sandbox.</summary>
    public bool HasSeccomp => internals.UsesSeccomp && home.Files.Value.SeccompFile is not null;

    /// <summary>The command that becomes the guest agent.</summary>
    public SandboxCommand Agent(string python)
    {
        Dictionary<string, string> variables = BubblewrapArguments.Variables();
        if (!internals.HidesAgent)
        {
            variables["GLOVEBOX_TEST_DUMPABLE"] = "1";
        }

        if (!internals.IsFirstProcess)
        {
            variables["GLOVEBOX_TEST_NOT_FIRST"] = "1";
        }

        if (!internals.HidesSpares)
        {
            variables["GLOVEBOX_TEST_VISIBLE_SPARES"] = "1";
        }

        if (internals.Shortcuts != Shortcuts.All)
        {
            variables["GLOVEBOX_TEST_SHORTCUTS"] = ((int)internals.Shortcuts).ToString(CultureInfo.InvariantCulture);
        }

        return Launch([python, BubblewrapArguments.AgentPath], variables, internals.IsFirstProcess, SharesNetwork, installation: null);
    }

    /// <summary>A program that has a sandbox of its own.</summary>
    public SandboxCommand Program(IReadOnlyList<string> command) =>
        Launch(command, GuestProgram(), isFirstProcess: false, SharesNetwork, installation: null);

    /// <summary>A program that installs packages.</summary>
    public SandboxCommand Installer(IReadOnlyList<string> command, BubblewrapInstallation installation) => Launch(
        command,
        GuestProgram(),
        isFirstProcess: false,
        installation.SharesNetwork,
        installation with { Packages = place.Reachable(installation.Packages), Scratch = place.Reachable(installation.Scratch) });

    private bool SharesNetwork => request.Policy.Network == NetworkAccess.Full;

    private Dictionary<string, string> GuestProgram()
    {
        Dictionary<string, string> variables = BubblewrapArguments.Variables();
        GuestVariables.CopyTo(request.Variables, variables);
        return variables;
    }

    private SandboxCommand Launch(
        IReadOnlyList<string> command,
        IReadOnlyDictionary<string, string> variables,
        bool isFirstProcess,
        bool sharesNetwork,
        BubblewrapInstallation? installation)
    {
        SandboxFiles files = home.Files.Value;
        string? seccomp = HasSeccomp ? place.Reachable(files.SeccompFile!) : null;
        List<string> arguments = BubblewrapArguments.Build(new BubblewrapLayout
        {
            WorkDirectory = place.Reachable(home.Work.Path),
            AgentFile = place.Reachable(files.AgentFile),
            PasswordFile = place.Reachable(files.PasswordFile),
            GroupFile = place.Reachable(files.GroupFile),
            ReadOnlyPaths = readOnlyPaths,
            Variables = variables,
            Inside = home.Inside,
            Memory = request.Memory,
            SharesNetwork = sharesNetwork,
            HasSeccomp = seccomp is not null,
            SealsKernel = internals.SealsKernel,
            IsFirstProcess = isFirstProcess,
            Command = command,
            FunctionFolders = installation is null && home.Functions is { } functions
                ? [.. functions.Folders.Select(f => (place.Reachable(f.Host), f.Guest))]
                : [],
            TakesCalls = installation is null && home.Functions is { HasCalls: true },
            Installation = installation,
        });
        return new SandboxCommand(
            SandboxLauncher.Arguments(bwrap, home.User, place.Group?.MembershipFiles ?? [], seccomp, arguments), place.Mounts);
    }
}
