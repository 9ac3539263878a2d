using System.Net;
using Glovebox.Docker.Containers;
using Glovebox.Docker.Engine;
using Glovebox.Docker.Seccomp;
using Glovebox.Environments;
using Glovebox.Environments.Host;
using Glovebox.Functions.Setup;
using Glovebox.Guest;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker;

/// <summary>A container. One is started with the environment and serves every block; the work directory outlives it.</summary>
internal sealed class DockerEnvironment : IFunctionEnvironment, IServiceHost
{
    /// <summary>A start takes a fraction of a second, but an engine that is asked for many at once makes one after the other.</summary>
    private static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(3);

    /// <summary>How long news of a container may take to arrive after what they are about: an engine with much to do tells of an end only when
    /// it has cleaned up after it.</summary>
    private static readonly TimeSpan News = TimeSpan.FromSeconds(5);

    /// <summary>How long to wait for the engine where it should answer at once, or may have nothing to tell.</summary>
    private static readonly TimeSpan ShortNews = TimeSpan.FromSeconds(1);

    /// <summary>How long the engine may take to tell of memory that ran out. A program that was killed for another reason waits for its result that
    /// long.</summary>
    private static readonly TimeSpan OutOfMemoryNews = TimeSpan.FromMilliseconds(500);

    private readonly DockerSettings _settings;
    private readonly DockerInternals _internals;
    private readonly ContainerOwner _owner = new();
    private readonly WorkDirectory? _work;
    private readonly WorkVolume? _volume;

    private ContainerFunctions? _functions;
    private EngineConnection? _engine;
    private ContainerUser? _user;
    private HostDirectory? _hostFiles;
    private DockerContainer? _container;
    private bool _isNew;
    private IContainerGuest? _guest;
    private ContainerFilter? _filter;
    private EnvironmentCapabilities? _capabilities;

    public DockerEnvironment(DockerSettings settings, DockerInternals internals)
    {
        _settings = settings;
        _internals = internals;
        _work = settings.WorkDir is { } path ? new WorkDirectory(path) : null;

        // The volume of a container that stays has no name: it goes with that container, whoever has it by then.
        _volume = _work is null && settings.StopContainer ? new WorkVolume(_owner.ToString(), settings.Policy.DiskSpace) : null;
    }

    public string Kind => "docker";

    public bool IsRunning => _guest?.IsRunning ?? false;

    public string WorkDirectory => ContainerLauncher.WorkDirectory;

    public EnvironmentCapabilities Capabilities => _capabilities ?? throw new InvalidOperationException("The environment is not started.");

    public IWorkspace Files => _hostFiles ?? _guest?.Files ?? throw new InvalidOperationException("The environment is not started.");

    public void Offer(OfferedFunctions functions) =>
        _functions = new ContainerFunctions(functions, _settings.StopContainer ? new WorkVolume(_owner.ToString(), size: null) : null);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            _engine = await EngineConnection.OpenAsync(_settings.DockerHost, cancellationToken).ConfigureAwait(false);
            DockerControls.Check(_settings, _engine);
            await StartContainerAsync(_engine, cancellationToken).ConfigureAwait(false);
            _capabilities = DockerControls.Describe(
                _settings, _engine, _user!, _filter!, _guest is AgentGuest, _filter!.IsAppliedBy(_guest!),
                _guest is AgentGuest ? null : "the image has no Python; the engine starts each block");
        }
        catch (Exception e)
        {
            CodeExecutionException? explained = cancellationToken.IsCancellationRequested || _engine is null ? null : Explain(e, _engine);
            await AbandonAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (explained is not null && !ReferenceEquals(explained, e))
            {
                throw explained;
            }

            throw;
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        IContainerGuest? guest = _guest;
        DockerContainer? container = _container;
        (_guest, _container) = (null, null);
        if (container is not null && _settings.StopContainer)
        {
            await container.EndAsync().ConfigureAwait(false);
        }

        if (guest is not null)
        {
            await guest.DisposeAsync().ConfigureAwait(false);
        }

        if (container is not null)
        {
            await container.DisposeAsync().ConfigureAwait(false);
        }

        _hostFiles?.Dispose();
        _hostFiles = null;
        if (!OwnVolumes.Any())
        {
            _engine?.Dispose();
            _engine = null;
        }
    }

    public async Task<ProcessExit> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill)
    {
        if (_guest is not { } guest || _container is not { } container)
        {
            throw new EnvironmentLostException("The container has ended.");
        }

        container.Watch.ForgetOutOfMemory();
        ProcessExit? exit = await guest.RunAsync(command, output, kill).ConfigureAwait(false);
        if (exit is null)
        {
            return await LostAsync(container, guest, kill).ConfigureAwait(false);
        }

        // The agent knows; without it, the engine tells.
        bool outOfMemory = exit.Kind == ProcessExitKind.OutOfMemory
            || (guest is PlainGuest && exit is { Kind: ProcessExitKind.Signaled, ExitCode: 137 }
                && await container.Watch.IsOutOfMemoryAsync(OutOfMemoryNews).ConfigureAwait(false));
        if (!outOfMemory)
        {
            return exit;
        }

        // Shared memory and temporary files outlive the program that filled them: a container that stays full would fail every block.
        if (await container.MemoryInUseAsync(CancellationToken.None).ConfigureAwait(false) > _settings.Memory / 2)
        {
            await container.EndAsync().ConfigureAwait(false);
        }

        return OutOfMemory();
    }

    public Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken) => Agent().ConnectAsync(endPoint, cancellationToken);

    public Task EndAllButServicesAsync(CancellationToken cancellationToken) => Agent().SweepAsync(cancellationToken);

    public async ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected)
    {
        if (_container is not { } container || !await container.Watch.IsOutOfMemoryAsync(isExpected ? OutOfMemoryNews : TimeSpan.Zero).ConfigureAwait(false))
        {
            return false;
        }

        container.Watch.ForgetOutOfMemory();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        if (_engine is { } engine)
        {
            foreach (WorkVolume volume in OwnVolumes)
            {
                await volume.RemoveAsync(engine).ConfigureAwait(false);
            }

            engine.Dispose();
            _engine = null;
        }

        _owner.Dispose();
    }

    /// <summary>The volumes that outlive our containers and go with us.</summary>
    private IEnumerable<WorkVolume> OwnVolumes =>
        new[] { _volume, _functions is { HasPackages: true } functions ? functions.Volume : null }.OfType<WorkVolume>();

    private GuestAgentClient Agent() => (_guest as AgentGuest)?.Agent ?? throw new EnvironmentLostException("The container has ended, or has no guest agent.");

    private ProcessExit OutOfMemory() =>
        new(ProcessExitKind.OutOfMemory, 137, $"Out of memory: the limit is {_settings.Memory >> 20} MiB.");

    private async Task StartContainerAsync(EngineConnection engine, CancellationToken cancellationToken)
    {
        PrepareWorkDirectory(engine);
        if (_settings is { InitCommand: not null, StopContainer: false } && _user!.IsRoot)
        {
            throw new PolicyNotEnforceableException(
                "InitCommand needs rights that guest code, which is to be root because the work directory is root's, would get in a container that stays: it"
                + " can replace the programs that the next host starts there.",
                "Give the work directory to another user: chown 1000:1000 DIRECTORY");
        }

        foreach (WorkVolume volume in OwnVolumes)
        {
            await volume.EnsureAsync(engine, cancellationToken).ConfigureAwait(false);
        }

        await EngineImages.EnsureAsync(engine, _settings.Image, _settings.PullPolicy, _settings.PullProgress, cancellationToken).ConfigureAwait(false);
        ContainerPlan plan = Plan(engine);
        ContainerInspectResponse? existing = _settings.ContainerName is null ? null : await ContainerNames.ClaimAsync(
            engine, plan.Name, _owner.ToString(), plan.Labels.GetValueOrDefault(ContainerNames.ConfigurationLabel), cancellationToken).ConfigureAwait(false);

        using CancellationTokenSource longest = new(LongestStart);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(longest.Token, cancellationToken);
        _isNew = existing is null;
        _filter = plan.Filter;
        if (existing is not null)
        {
            _container = DockerContainer.Existing(engine, existing);
            _guest = await GuestStarter.AttachAsync(engine, _container, plan, either.Token).ConfigureAwait(false);
            if (plan.Filter.NeedsGuest(existing) && !plan.Filter.IsAppliedBy(_guest))
            {
                throw new PolicyNotEnforceableException(
                    $"In the container '{plan.Name}' the guest agent keeps guest code from making set-user-id files, and the agent is gone.",
                    $"Remove the container: docker rm -f {plan.Name}");
            }

            await OfferFunctionsAsync(_guest, either.Token).ConfigureAwait(false);
        }
        else
        {
            (_container, _guest, plan) = await NewContainer.StartAsync(engine, plan, either.Token).ConfigureAwait(false);
            _filter = plan.Filter;
            await OfferFunctionsAsync(_guest, either.Token).ConfigureAwait(false);
            longest.CancelAfter(Timeout.InfiniteTimeSpan);
            await SetUpAsync(_container, _guest, cancellationToken).ConfigureAwait(false);
        }

        string notLoaded = await SealAsync(_guest, cancellationToken).ConfigureAwait(false);
        if (notLoaded.Length > 0)
        {
            throw new EnvironmentUnavailableException(
                "preload-failed", $"Modules cannot be preloaded: {WorkspacePath.Printable(notLoaded)}", "Use an image that has them, install them by InitCommand, or take them out of Preload.");
        }

        if (_settings.NeedsSetupNetwork && _internals.CutsNetwork)
        {
            await GuestCheck.NetworkAsync(_guest, cancellationToken).ConfigureAwait(false);
        }

        if (_hostFiles is not null)
        {
            await GuestCheck.WorkDirectoryAsync(_guest, _hostFiles, _settings.WorkDir!, _user!.Id, cancellationToken).ConfigureAwait(false);
        }

        _ = WorkVolume.SweepAsync(engine);
    }

    private void PrepareWorkDirectory(EngineConnection engine)
    {
        _work?.Create();
        _user ??= ContainerUser.Choose(_settings.Policy.User, _work?.Path, _work?.IsMade ?? false, engine.IsRootless);
        if (_work is null || !OperatingSystem.IsLinux())
        {
            return;
        }

        _hostFiles = new HostDirectory(_work.Path, _user.HostOwner, Environment.IsPrivilegedProcess && !engine.IsRootless ? _user.Id : null);
        if (_work.IsMade && _user.HostOwner is not null)
        {
            _hostFiles.GiveAwayRoot();
        }

        _hostFiles.CheckWritable();
        _hostFiles.RefuseSetId();
    }

    private ContainerPlan Plan(EngineConnection engine)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal) { [ContainerNames.OwnerLabel] = _owner.ToString() };
        if (!_settings.StopContainer)
        {
            labels[ContainerNames.ConfigurationLabel] = ContainerNames.Configuration(_settings, _user!.Id, _functions);
        }

        return new ContainerPlan
        {
            Settings = _settings,
            Internals = _internals,
            Name = _settings.ContainerName ?? $"glovebox-{Guid.NewGuid():n}",
            User = _user!.Id,
            BoundDirectory = _settings.BindDir ?? _work?.Path,
            Volume = _volume?.Name,
            Functions = _functions,
            Filter = ContainerFilter.Choose(_settings, engine, _internals),
            IsPodman = engine.IsPodman,
            Labels = labels,
        };
    }

    /// <summary>Runs what the caller wants done before any guest code, and cuts the network after it.</summary>
    private async Task SetUpAsync(DockerContainer container, IContainerGuest guest, CancellationToken cancellationToken)
    {
        if (_settings.InitCommand is { } command)
        {
            await InitCommand.RunAsync(command, guest, _user!, cancellationToken).ConfigureAwait(false);
        }

        if (_functions is not null)
        {
            await _functions.InstallAsync(guest, _user!.Id, _settings.Policy.Network != NetworkAccess.None, cancellationToken).ConfigureAwait(false);
        }

        if (_settings.NeedsSetupNetwork && _internals.CutsNetwork)
        {
            await container.CutNetworkAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private Task OfferFunctionsAsync(IContainerGuest guest, CancellationToken cancellationToken) =>
        _functions?.OfferAsync(guest, cancellationToken) ?? Task.CompletedTask;

    private async Task<string> SealAsync(IContainerGuest guest, CancellationToken cancellationToken)
    {
        try
        {
            return await guest.SealAsync(_settings.Preload, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e) when (_work is not null && guest.IsRunning)
        {
            throw GuestCheck.NotTheGuests(_settings.WorkDir!, _user!.Id, e);
        }
    }

    private CodeExecutionException? Explain(Exception error, EngineConnection engine) => error switch
    {
        ContainerStartException { Message: { } said } when said.Contains("exec format error", StringComparison.OrdinalIgnoreCase) =>
            EngineErrors.PlatformMismatch($"{_settings.Image}: {WorkspacePath.Printable(said.Trim())}", error),
        ContainerStartException => new EnvironmentUnavailableException(
            "container-failed", $"The container of the image '{_settings.Image}' ended at once: {WorkspacePath.Printable(error.Message.Trim())}",
            $"Try the image by hand: docker run --rm -it --entrypoint /bin/sh {_settings.Image}", error),
        OperationCanceledException => new EnvironmentUnavailableException(
            "container-failed", $"The container of the image '{_settings.Image}' was not ready after {LongestStart.TotalSeconds:0} s.", "See what keeps the engine's machine busy.", error),
        _ => EngineErrors.Explain(error, engine.Endpoint),
    };

    /// <summary>Says how a container ended that was lost during a run.</summary>
    private async Task<ProcessExit> LostAsync(DockerContainer container, IContainerGuest guest, CancellationToken kill)
    {
        // A container whose first process runs on has no end to tell of.
        ContainerEnd? end = kill.IsCancellationRequested ? null : await container.Watch.EndAsync(guest.IsRunning ? ShortNews : News, kill).ConfigureAwait(false);
        if (end is null && kill.IsCancellationRequested)
        {
            return new ProcessExit(ProcessExitKind.EnvironmentLost, 137);
        }

        if (end is { IsOutOfMemory: true })
        {
            return OutOfMemory();
        }

        if (end is { IsKilled: true })
        {
            throw new EnvironmentLostException(
                "The container was ended from outside while code was running.", "Somebody killed, stopped or removed it. The next execution starts a fresh container.");
        }

        if (end is null && _engine is { } engine)
        {
            try
            {
                await engine.Client.System.PingAsync(CancellationToken.None).WaitAsync(ShortNews, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException or DockerApiException or ObjectDisposedException)
            {
                throw EngineErrors.Lost(engine.Endpoint, e);
            }
        }

        return new ProcessExit(ProcessExitKind.EnvironmentLost, end?.ExitCode ?? 137, "The container has ended; the next block gets a fresh one.");
    }

    /// <summary>Ends what a failed start began. A container that stays is not left half made.</summary>
    private async Task AbandonAsync()
    {
        if (_container is { } container && _isNew)
        {
            await container.RemoveAsync().ConfigureAwait(false);
        }

        await StopAsync(CancellationToken.None).ConfigureAwait(false);
    }
}
