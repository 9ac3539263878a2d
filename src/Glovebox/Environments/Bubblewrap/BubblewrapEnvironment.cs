using System.ComponentModel;
using System.Net;
using Glovebox.Environments.Host;
using Glovebox.Functions.Setup;
using Glovebox.Guest;

namespace Glovebox.Environments.Bubblewrap;

/// <summary>A bubblewrap sandbox. One is started with the environment and serves every block; the work directory outlives it.</summary>
internal sealed class BubblewrapEnvironment : IFunctionEnvironment, IServiceHost
{
    /// <summary>The sandbox's own processes count too: the shell that becomes bwrap, and the agent.</summary>
    private const int OwnProcesses = 2;

    private static readonly string[] Interpreters = ["python3", "python"];

    private readonly WorkDirectory _work;
    private readonly ExecutionPolicy _policy;
    private readonly BubblewrapInternals _internals;
    private readonly UserId _inside;
    private readonly string[] _readOnlyPaths;
    private readonly string[] _preload;
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    private SandboxFunctions? _functions;
    private GuestUser? _user;
    private SandboxFiles? _sandboxFiles;
    private HostDirectory? _files;
    private OwnerMap? _owners;
    private PrivateMounts? _mounts;
    private ControlGroup? _group;
    private Sandbox? _sandbox;
    private PlainSandbox? _plain;
    private EnvironmentCapabilities? _capabilities;

    public BubblewrapEnvironment(BubblewrapCommandLineCodeExecutorOptions options, BubblewrapInternals internals)
    {
        ArgumentNullException.ThrowIfNull(options.Policy);
        _work = new WorkDirectory(options.WorkDir);
        _policy = options.Policy;
        _internals = internals;
        _inside = _policy.User is { } user ? UserId.Parse(user) : new UserId(1000, 1000);
        _readOnlyPaths = [.. options.ReadOnlyPaths.Select(BubblewrapArguments.Validate)];
        _preload = [.. options.Preload];
        if (_preload.Any(m => string.IsNullOrWhiteSpace(m) || m.Contains('\0')))
        {
            throw new ArgumentException("Preload must hold names of Python modules; one is null, empty, or holds a NUL.");
        }

        GuestVariables.CopyTo(options.Environment, _variables);
        Dictionary<string, string> own = BubblewrapArguments.Variables();
        if (_preload.Length > 0
            && _variables.FirstOrDefault(v => v.Key.StartsWith("PYTHON", StringComparison.Ordinal) && own.GetValueOrDefault(v.Key) != v.Value).Key is { } name)
        {
            throw new ArgumentException(
                $"Preload has no effect beside the environment variable {name}: only an interpreter that is started for each block obeys it. Leave out one of them.");
        }
    }

    public string Kind => "bubblewrap";

    public bool IsRunning => _sandbox?.IsRunning ?? _plain?.IsRunning ?? false;

    public string WorkDirectory => BubblewrapArguments.WorkDirectory;

    public EnvironmentCapabilities Capabilities => _capabilities ?? throw new InvalidOperationException("The environment is not started.");

    public IWorkspace Files => _files ?? throw new InvalidOperationException("The environment is not started.");

    private long Memory => _policy.Memory ?? ExecutionPolicy.DefaultMemory;

    private int Processes => _policy.MaxProcesses ?? ExecutionPolicy.DefaultMaxProcesses;

    public void Offer(OfferedFunctions functions) => _functions = new SandboxFunctions(functions);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        BubblewrapProgram bwrap = await BubblewrapProgram.FindAsync(_internals.SearchPath, _work.Given, cancellationToken).ConfigureAwait(false);
        try
        {
            string? python = _internals.UsesAgent ? FindPython() : null;
            byte[]? compiledAgent = python is null ? null : CompiledAgents.Find(python);
            await PrepareAsync(compiledAgent, cancellationToken).ConfigureAwait(false);
            await PrepareFunctionsAsync(bwrap, python, cancellationToken).ConfigureAwait(false);
            await StartSandboxAsync(bwrap, python, compiledAgent, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await StopAsync(CancellationToken.None).ConfigureAwait(false);
            switch (e)
            {
                case OwnersNotMappedException:
                    throw SandboxMounts.NotMapped(_work.Path, e.Message, e);
                case Win32Exception or IOException:
                    throw new EnvironmentUnavailableException("sandbox-failed", $"The sandbox could not be started: {e.Message}.", innerException: e);
                default:
                    throw;
            }
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_sandbox is { } sandbox)
        {
            _sandbox = null;
            await sandbox.DisposeAsync().ConfigureAwait(false);
        }

        if (_plain is { } plain)
        {
            _plain = null;
            await plain.DisposeAsync().ConfigureAwait(false);
        }

        _group?.Dispose();
        _group = null;
        _mounts?.Dispose();
        _mounts = null;
        _files?.Dispose();
        _files = null;
    }

    public async Task<ProcessExit> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill)
    {
        Sandbox? sandbox = _sandbox;

        // What ran out of memory before this run is not this run's.
        _ = _group?.TakeOutOfMemory();
        ProcessExit? exit = sandbox is not null
            ? await sandbox.RunAsync(command, output, kill).ConfigureAwait(false)
            : _plain is { } plain
                ? await plain.RunAsync(command, output, kill).ConfigureAwait(false)
                : throw new EnvironmentLostException("The sandbox has ended.");
        bool outOfMemory = _group?.TakeOutOfMemory() ?? false;
        if (exit is null)
        {
            return outOfMemory
                ? OutOfMemory()
                : new ProcessExit(ProcessExitKind.EnvironmentLost, 137, kill.IsCancellationRequested ? null : "The sandbox has ended; the next block gets a fresh one.");
        }

        if (!outOfMemory || exit.ExitCode != 137 || exit.Kind == ProcessExitKind.Killed)
        {
            return exit;
        }

        // Shared memory and temporary files outlive the program that filled them: a sandbox that stays full would fail every block.
        if (sandbox is not null && _group!.MemoryInUse() > Memory / 2)
        {
            await sandbox.DisposeAsync().ConfigureAwait(false);
        }

        return OutOfMemory();
    }

    public Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken) => Agent().ConnectAsync(endPoint, cancellationToken);

    public Task EndAllButServicesAsync(CancellationToken cancellationToken) => Agent().SweepAsync(cancellationToken);

    public ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => new(_group?.TakeOutOfMemory() ?? false);

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        _owners?.Dispose();
        _owners = null;
        if (_functions is not null)
        {
            await _functions.DeleteAsync().ConfigureAwait(false);
        }

        if (_sandboxFiles is { } files)
        {
            _sandboxFiles = null;
            await files.DeleteAsync().ConfigureAwait(false);
        }

        await _work.DeleteOwnedAsync().ConfigureAwait(false);
    }

    private GuestAgentClient Agent() => _sandbox?.Agent ?? throw new EnvironmentLostException("The sandbox has ended, or has no guest agent.");

    private ProcessExit OutOfMemory() =>
        new(ProcessExitKind.OutOfMemory, 137, $"Out of memory: the limit is {Memory >> 20} MiB.");

    /// <summary>Makes what the sandbox stands on: the work directory with its owner, our files, the control group.</summary>
    private async Task PrepareAsync(byte[]? compiledAgent, CancellationToken cancellationToken)
    {
        _work.Create();
        if (_user is not { TakesOver: true })
        {
            // The directory may have another owner than at the last start.
            _user = GuestUser.Choose(_work.Path, _work.IsMade, _internals.AvoidsRoot);
            _owners?.Dispose();
            _owners = _user.StandsForRoot ? await OwnerMap.CreateAsync(new UserId(_user.Uid, _user.Gid), cancellationToken).ConfigureAwait(false) : null;
        }

        _files = _user.StandsForRoot ? new HostDirectory(_work.Path, owner: null, reader: default(UserId))
            : new HostDirectory(_work.Path, _user.MustSwitch ? new UserId(_user.Uid, _user.Gid) : null);
        if (_user.TakesOver)
        {
            _files.GiveAwayRoot();
        }

        _files.CheckWritable();
        _files.RefuseSetId();
        foreach (string path in _readOnlyPaths)
        {
            if (!Path.Exists(path))
            {
                throw new EnvironmentUnavailableException("read-only-path-missing", $"'{path}' of ReadOnlyPaths does not exist.", "Name paths that exist on this machine.");
            }
        }

        _sandboxFiles ??= new SandboxFiles(_inside);
        _sandboxFiles.WriteAgent(compiledAgent);
        (string, string)[] folders = [("files", _sandboxFiles.Folder), .. _functions is null ? [] : new[] { ("functions", _functions.MakeFolder()) }];
        _mounts = await SandboxMounts.CreateAsync(_user, (_files, _work.Path), folders, _owners, _internals.SealsKernel).ConfigureAwait(false);
        if (_internals.UsesControlGroups)
        {
            _group = ControlGroup.Create(Memory, Processes + OwnProcesses, _policy.Cpus);
        }

        BubblewrapControls.Check(_policy, _group);
    }

    private async Task PrepareFunctionsAsync(BubblewrapProgram bwrap, string? python, CancellationToken cancellationToken)
    {
        if (_functions is null)
        {
            return;
        }

        if (python is null)
        {
            throw new FunctionSetupException("Functions cannot be offered: the sandbox has no Python.", "Install python3 in the system's folders, or take Functions out.");
        }

        bool hasNetwork = _policy.Network != NetworkAccess.None;
        await _functions.PrepareAsync(
            _user!,
            hasNetwork,
            (command, installation) =>
            {
                Dictionary<string, string> variables = BubblewrapArguments.Variables();
                GuestVariables.CopyTo(_variables, variables);
                return Launch(bwrap, command, variables, isFirstProcess: false, installation.SharesNetwork, installation);
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task StartSandboxAsync(BubblewrapProgram bwrap, string? python, byte[]? compiledAgent, CancellationToken cancellationToken)
    {
        GuestHello? hello = null;
        try
        {
            if (python is not null)
            {
                _sandbox = await StartAgentAsync(bwrap, python, compiledAgent, cancellationToken).ConfigureAwait(false);
                hello = _sandbox.Hello;
            }
            else
            {
                Dictionary<string, string> variables = BubblewrapArguments.Variables();
                GuestVariables.CopyTo(_variables, variables);
                _plain = new PlainSandbox(command => Launch(bwrap, command, variables, isFirstProcess: false));
                await _plain.CheckAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (SandboxStartException e) when (e.ExitCode == SandboxLauncher.ControlGroupRefused)
        {
            throw new EnvironmentUnavailableException("sandbox-failed", "The control group of the sandbox takes no members.", "Run in a session whose control group is your own.");
        }
        catch (SandboxStartException e)
        {
            throw SandboxErrors.Explain(e.Message, _work.Path, Reachable(_work.Path));
        }

        if (_preload.Length > 0 && (_sandbox is null || _sandbox.PreloadErrors.Length > 0))
        {
            throw new EnvironmentUnavailableException(
                "preload-failed",
                _sandbox is null ? "Modules cannot be preloaded: the sandbox has no Python." : $"Modules cannot be preloaded: {_sandbox.PreloadErrors}",
                "Install them for the system's Python, or take them out of Preload.");
        }

        _capabilities = BubblewrapControls.Describe(_policy, _group, _user!, _mounts is not null, hello, _internals.UsesSeccomp && _sandboxFiles!.SeccompFile is not null);
    }

    private async Task<Sandbox> StartAgentAsync(BubblewrapProgram bwrap, string python, byte[]? compiledAgent, CancellationToken cancellationToken)
    {
        Dictionary<string, string> variables = BubblewrapArguments.Variables();
        if (!_internals.HidesAgent)
        {
            variables["GLOVEBOX_TEST_DUMPABLE"] = "1";
        }

        if (!_internals.IsFirstProcess)
        {
            variables["GLOVEBOX_TEST_NOT_FIRST"] = "1";
        }

        if (!_internals.HidesSpares)
        {
            variables["GLOVEBOX_TEST_VISIBLE_SPARES"] = "1";
        }

        bool wantsProgram = compiledAgent is null && CompiledAgents.Takes(python);
        GuestConfiguration configuration = new(_group is { LimitsMemory: true } ? 0 : Memory, ProcessLimit(), BubblewrapArguments.WorkDirectory, _variables)
        {
            Options = GuestConfiguration.OptionsOf(_policy) | (wantsProgram ? GuestOptions.SendProgram : GuestOptions.None),
        };
        try
        {
            Sandbox sandbox = await Sandbox.StartAsync(
                Launch(bwrap, [python, BubblewrapArguments.AgentPath], variables, _internals.IsFirstProcess), configuration, _functions, _preload, cancellationToken).ConfigureAwait(false);
            if (wantsProgram)
            {
                CompiledAgents.Keep(python, sandbox.Hello.CompiledAgent);
            }

            return sandbox;
        }
        catch (SandboxStartException) when (compiledAgent is not null)
        {
            // The interpreter may have been replaced by one that cannot run it.
            CompiledAgents.Forget(python);
            _sandboxFiles!.WriteAgent(null);
            return await StartAgentAsync(bwrap, python, null, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The path of a file or folder of ours for the sandbox's user.</summary>
    private string Reachable(string path) => _mounts?.PathOf(path) ?? path;

    private long ProcessLimit() => _group is { LimitsProcesses: true } ? 0 : Processes + OwnProcesses;

    private SandboxCommand Launch(BubblewrapProgram bwrap, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> variables, bool isFirstProcess) =>
        Launch(bwrap, command, variables, isFirstProcess, _policy.Network == NetworkAccess.Full, installation: null);

    private SandboxCommand Launch(
        BubblewrapProgram bwrap,
        IReadOnlyList<string> command,
        IReadOnlyDictionary<string, string> variables,
        bool isFirstProcess,
        bool sharesNetwork,
        BubblewrapInstallation? installation)
    {
        string? seccomp = _internals.UsesSeccomp && _sandboxFiles!.SeccompFile is { } file ? Reachable(file) : null;
        List<string> arguments = BubblewrapArguments.Build(new BubblewrapLayout
        {
            WorkDirectory = Reachable(_work.Path),
            AgentFile = Reachable(_sandboxFiles!.AgentFile),
            PasswordFile = Reachable(_sandboxFiles.PasswordFile),
            GroupFile = Reachable(_sandboxFiles.GroupFile),
            ReadOnlyPaths = _readOnlyPaths,
            Variables = variables,
            Inside = _inside,
            Memory = Memory,
            SharesNetwork = sharesNetwork,
            HasSeccomp = seccomp is not null,
            SealsKernel = _internals.SealsKernel,
            IsFirstProcess = isFirstProcess,
            Command = command,
            FunctionFolders = installation is null && _functions is { } functions ? [.. functions.Folders.Select(f => (Reachable(f.Host), f.Guest))] : [],
            TakesCalls = installation is null && _functions is { HasCalls: true },
            Installation = installation is null ? null : installation with { Packages = Reachable(installation.Packages), Scratch = Reachable(installation.Scratch) },
        });
        return new SandboxCommand(SandboxLauncher.Arguments(bwrap, _user!, _group?.MembershipFiles ?? [], seccomp, arguments), _mounts);
    }

    /// <summary>Finds the Python that the sandbox will have: the system's folders are the same inside, and read-only.</summary>
    private string? FindPython() =>
        Interpreters.SelectMany(name => _variables.GetValueOrDefault("PATH", BubblewrapArguments.DefaultPath)
                .Split(':')
                .Where(folder => folder.StartsWith("/usr/", StringComparison.Ordinal) || folder is "/bin" or "/sbin" || _readOnlyPaths.Any(p => folder == p || folder.StartsWith(p + "/", StringComparison.Ordinal)))
                .Select(folder => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
}
