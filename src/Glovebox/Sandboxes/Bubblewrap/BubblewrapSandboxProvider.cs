using System.ComponentModel;
using Glovebox.Functions;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Agent.Protocol;
using Glovebox.Sandboxes.Agentless;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>Starts bubblewrap sandboxes: namespaces of their own, no network, no host files beyond the system directories.</summary>
/// <remarks>See <see cref="BubblewrapCommandLineCodeExecutor"/> for what this needs, and for the user that guest code runs as.</remarks>
public sealed class BubblewrapSandboxProvider : ISandboxProvider
{
    internal const string KindName = "bubblewrap";

    /// <summary>The sandbox's own processes count too: the shell that becomes bwrap, and the agent.</summary>
    private const int OwnProcesses = 2;

    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    private static readonly string[] Interpreters = ["python3", "python"];

    private readonly string[] _readOnlyPaths;
    private readonly BubblewrapInternals _internals;

    /// <summary>Makes a provider.</summary>
    /// <param name="readOnlyPaths">Further host files and directories that sandboxes see, read-only, under the same absolute path. Null,
    /// the default, for no more than the system directories.</param>
    /// <exception cref="ArgumentException">A path is not absolute, or is below a place that guest code can write.</exception>
    public BubblewrapSandboxProvider(IEnumerable<string>? readOnlyPaths = null)
        : this(readOnlyPaths ?? [], new BubblewrapInternals())
    {
    }

    internal BubblewrapSandboxProvider(IEnumerable<string> readOnlyPaths, BubblewrapInternals internals)
    {
        _readOnlyPaths = [.. readOnlyPaths.Select(BubblewrapArguments.Validate)];
        _internals = internals;
    }

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public async Task<ISandbox> StartAsync(SandboxRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        BubblewrapHome home = request.Keep(() => new BubblewrapHome(request));
        BubblewrapProgram bwrap = await BubblewrapProgram.FindAsync(
            _internals.SearchPath, home.Work.Given, cancellationToken).ConfigureAwait(false);
        try
        {
            return await StartAsync(bwrap, request, home, cancellationToken).ConfigureAwait(false);
        }
        catch (OwnersNotMappedException e)
        {
            throw SandboxErrors.NotMapped(home.Work.Path, e.Message, e);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new SandboxUnavailableException("sandbox-failed", $"The sandbox could not be started: {e.Message}.", innerException: e);
        }
    }

    private async Task<ISandbox> StartAsync(
        BubblewrapProgram bwrap, SandboxRequest request, BubblewrapHome home, CancellationToken cancellationToken)
    {
        string? python = _internals.UsesAgent ? FindPython(request.Variables) : null;
        BubblewrapPlace place = new(await home.OpenWorkAsync(_internals, cancellationToken).ConfigureAwait(false), request.Memory);
        try
        {
            if (_readOnlyPaths.FirstOrDefault(p => !Path.Exists(p)) is { } missing)
            {
                throw new SandboxUnavailableException(
                    "read-only-path-missing", $"'{missing}' of ReadOnlyPaths does not exist.", "Name paths that exist on this machine.");
            }

            EtcFolder etc = EtcFolder.For(_readOnlyPaths);
            place.Mounts = await home.MountAsync(place.Directory, etc, _internals.SealsKernel).ConfigureAwait(false);
            place.Group = _internals.UsesControlGroups
                ? ControlGroup.Create(request.Memory, request.Processes + OwnProcesses, request.Policy.Cpus)
                : null;
            BubblewrapControls.Check(request.Policy, place.Group);
            byte[]? compiled = python is not null && _internals.Shortcuts.HasFlag(Shortcuts.CompiledAgent)
                ? CompiledAgents.Find(python)
                : null;
            home.Files.WriteAgent(compiled);
            SandboxCommands commands = new(bwrap, request, home, place, etc, _readOnlyPaths, _internals);
            if (home.Functions is { } functions)
            {
                if (python is null)
                {
                    throw new FunctionSetupException(
                        "Functions cannot be offered: the sandbox has no Python.",
                        "Install python3 in the system's folders, or take Functions out.");
                }

                bool hasNetwork = request.Policy.Network != NetworkAccess.None;
                await functions.PrepareAsync(
                    _internals.SealsPackages ? GuestUser.Choose(functions.Folder, isOurs: true, _internals.AvoidsRoot) : home.User,
                    hasNetwork,
                    () => PackageKey.Of(request.Functions!, python, request.Variables, _readOnlyPaths, hasNetwork),
                    place,
                    commands.Program,
                    cancellationToken).ConfigureAwait(false);
            }

            if (python is null)
            {
                return await StartAgentlessAsync(request, home, place, commands, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                return await StartAgentAsync(
                    python, isCompiled: compiled is not null, request, home, place, commands, cancellationToken).ConfigureAwait(false);
            }
            catch (SandboxStartException) when (compiled is not null)
            {
                // The interpreter may have been replaced by one that cannot run it.
                CompiledAgents.Forget(python);
                home.Files.WriteAgent(null);
                return await StartAgentAsync(
                    python, isCompiled: false, request, home, place, commands, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            string reachable = place.Reachable(home.Work.Path);
            await place.DisposeAsync().ConfigureAwait(false);
            if (e is SandboxStartException failure)
            {
                throw SandboxErrors.Explain(failure, home.Work.Path, reachable);
            }

            throw;
        }
    }

    private async Task<ISandbox> StartAgentAsync(
        string python,
        bool isCompiled,
        SandboxRequest request,
        BubblewrapHome home,
        BubblewrapPlace place,
        SandboxCommands commands,
        CancellationToken cancellationToken)
    {
        bool wantsProgram = !isCompiled && _internals.Shortcuts.HasFlag(Shortcuts.CompiledAgent) && CompiledAgents.Takes(python);
        AgentConfiguration configuration = new(
            place.Group is { LimitsMemory: true } ? 0 : request.Memory,
            place.Group is { LimitsProcesses: true } ? 0 : request.Processes + OwnProcesses,
            place.WorkDirectory,
            request.Variables)
        {
            SendsProgram = wantsProgram,
        };
        SandboxSpawn spawn = await SandboxSpawn.StartAsync(commands.Agent(python)).ConfigureAwait(false);
        AgentClient agent = new(spawn.Process.Channel);
        using CancellationTokenSource longest = new(LongestStart);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(longest.Token, cancellationToken);
        try
        {
            AgentHello hello = await agent.ConnectAsync(configuration, either.Token).ConfigureAwait(false);
            if (home.Functions is { } functions)
            {
                await functions.TellAsync(agent, either.Token).ConfigureAwait(false);
            }

            if (await agent.SealAsync(request, either.Token).ConfigureAwait(false) is { Length: > 0 } notLoaded)
            {
                throw NotPreloaded(notLoaded);
            }

            if (wantsProgram)
            {
                CompiledAgents.Keep(python, hello.CompiledAgent);
            }

            place.Own(spawn);
            return new AgentSandbox(
                agent, place, BubblewrapControls.Describe(request.Policy, place, home.User, hello, commands.HasSeccomp));
        }
        catch (Exception e)
        {
            spawn.Process.Kill();
            await agent.DisposeAsync().ConfigureAwait(false);
            SandboxStartException failure = await spawn.EndAsync(LongestStart, e).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            switch (e)
            {
                case IOException or GuestProtocolException or SandboxLostException:
                    throw failure;
                case OperationCanceledException:
                    throw new SandboxUnavailableException(
                        "sandbox-failed",
                        $"The sandbox was not ready after {LongestStart.TotalSeconds:0} s.",
                        "Preload fewer modules, or see what keeps the machine busy.",
                        e);
                default:
                    throw;
            }
        }
    }

    private static async Task<ISandbox> StartAgentlessAsync(
        SandboxRequest request, BubblewrapHome home, BubblewrapPlace place, SandboxCommands commands, CancellationToken cancellationToken)
    {
        if (request.Preload.Count > 0)
        {
            throw NotPreloaded("the sandbox has no Python.");
        }

        BubblewrapPrograms programs = new(command => commands.Program(command));
        await programs.CheckAsync(cancellationToken).ConfigureAwait(false);
        return new AgentlessSandbox(
            place,
            programs,
            place.Workspace,
            BubblewrapControls.Describe(request.Policy, place, home.User, hello: null, commands.HasSeccomp));
    }

    private static SandboxUnavailableException NotPreloaded(string reason) =>
        new(
            "preload-failed",
            $"Modules cannot be preloaded: {reason}",
            "Install them for the system's Python, or take them out of Preload.");

    /// <summary>Finds the Python that the sandbox will have: the system's folders are the same inside, and read-only.</summary>
    private string? FindPython(IReadOnlyDictionary<string, string> variables) =>
        Interpreters.SelectMany(name => variables.GetValueOrDefault("PATH", BubblewrapArguments.DefaultPath)
                .Split(':')
                .Where(IsReadOnly)
                .Select(folder => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);

    private bool IsReadOnly(string folder) =>
        folder.StartsWith("/usr/", StringComparison.Ordinal)
        || folder is "/bin" or "/sbin"
        || _readOnlyPaths.Any(p => folder == p || folder.StartsWith(p + "/", StringComparison.Ordinal));
}
