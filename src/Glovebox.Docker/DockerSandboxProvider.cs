using Glovebox.Docker.Containers;
using Glovebox.Docker.Engine;
using Glovebox.Docker.Seccomp;
using Glovebox.Sandboxes.Host;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker;

/// <summary>Starts containers of a Docker engine, or of Podman's compatible socket, as sandboxes.</summary>
public sealed class DockerSandboxProvider : ISandboxProvider
{
    internal const string KindName = "docker";

    /// <summary>A start takes a fraction of a second, but an engine that is asked for many at once makes one after the other.</summary>
    private static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(3);

    private readonly DockerSandboxOptions _options;
    private readonly NamedProfile? _seccomp;
    private readonly DockerInternals _internals;

    /// <summary>Makes a provider; no engine is asked yet.</summary>
    /// <param name="options">Copied. Null: the defaults.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public DockerSandboxProvider(DockerSandboxOptions? options = null)
        : this(options ?? new(), new DockerInternals())
    {
    }

    internal DockerSandboxProvider(DockerSandboxOptions options, DockerInternals internals)
    {
        _options = options.Copy();
        _seccomp = options.SeccompProfile is { } profile ? NamedProfile.Read(profile) : null;
        _internals = internals;
    }

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public async Task<ISandbox> StartAsync(SandboxRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        ContainerDefinition spec = Spec(request);
        DockerHome home = request.Keep(() => new DockerHome(spec));
        EngineConnection engine = await home.ConnectAsync(_options.DockerHost, cancellationToken).ConfigureAwait(false);
        HostDirectory? files = null;
        try
        {
            DockerControls.Check(spec, engine);
            (ContainerUser user, files) = await home.PrepareAsync(spec, engine, cancellationToken).ConfigureAwait(false);
            await EngineImages.EnsureAsync(engine, _options, cancellationToken).ConfigureAwait(false);
            return await StartAsync(Plan(spec, home, engine, user), home, engine, user, files, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            files?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            if (Explain(e, engine) is { } explained)
            {
                throw explained;
            }

            throw;
        }
    }

    internal ContainerDefinition Spec(SandboxRequest request) => new(_options, request, _seccomp);

    private async Task<ISandbox> StartAsync(
        ContainerPlan plan,
        DockerHome home,
        EngineConnection engine,
        ContainerUser user,
        HostDirectory? files,
        CancellationToken cancellationToken)
    {
        ContainerInspectResponse? existing = _options.ContainerName is null ? null
            : await ContainerNames.ClaimAsync(engine, plan, home.Owner, cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource longest = new(LongestStart);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(longest.Token, cancellationToken);
        (DockerContainer container, ContainerSetup guest, plan) = existing is not null
            ? await GuestStarter.AttachAsync(engine, existing, plan, either.Token).ConfigureAwait(false)
            : await ContainerCreation.CreateAsync(engine, plan, either.Token).ConfigureAwait(false);
        try
        {
            if (home.Functions is { } functions)
            {
                await functions.OfferAsync(guest, either.Token).ConfigureAwait(false);
            }

            if (existing is null)
            {
                longest.CancelAfter(Timeout.InfiniteTimeSpan);
                await SetUpAsync(plan, container, guest, user, cancellationToken).ConfigureAwait(false);
            }

            await SealAsync(plan.Spec, guest, user, cancellationToken).ConfigureAwait(false);
            if (files is not null)
            {
                await GuestCheck.WorkDirectoryAsync(
                    guest.Workspace, files, plan.Spec.WorkDirectory!, user.Id, cancellationToken).ConfigureAwait(false);
            }

            ISandbox sandbox = guest.Complete(
                new DockerPlace(engine, container, files, plan.Spec.Request.Memory, stays: !_options.StopContainer),
                DockerControls.Describe(plan.Spec, engine, user, plan.Filter, guest));
            if (plan.Spec.NeedsSetupNetwork && _internals.CutsNetwork)
            {
                await GuestCheck.NetworkAsync(sandbox, cancellationToken).ConfigureAwait(false);
            }

            _ = WorkVolume.SweepAsync(engine);
            return sandbox;
        }
        catch
        {
            if (existing is null)
            {
                await container.RemoveAsync().ConfigureAwait(false);
            }

            await guest.DisposeAsync().ConfigureAwait(false);
            await container.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private ContainerPlan Plan(ContainerDefinition spec, DockerHome home, EngineConnection engine, ContainerUser user)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal) { [ContainerNames.OwnerLabel] = home.Owner };
        if (!_options.StopContainer)
        {
            labels[ContainerNames.ConfigurationLabel] = ContainerNames.Configuration(spec, user.Id, home.Functions);
        }

        return new ContainerPlan
        {
            Spec = spec,
            Internals = _internals,
            Name = _options.ContainerName ?? $"glovebox-{Guid.NewGuid():n}",
            User = user.Id,
            BoundDirectory = _options.BindDir ?? home.Work?.Path,
            Volume = home.Volume?.Name,
            Functions = home.Functions,
            Filter = ContainerFilter.Choose(spec, engine, _internals),
            IsPodman = engine.IsPodman,
            Labels = labels,
        };
    }

    /// <summary>Runs what the caller wants done before any guest code, and cuts the network after it.</summary>
    private async Task SetUpAsync(
        ContainerPlan plan, DockerContainer container, ContainerSetup guest, ContainerUser user, CancellationToken cancellationToken)
    {
        if (_options.InitCommand is { } command)
        {
            // It may have the network that guest code will not have.
            string online = plan.Spec.Request.Variables.ContainsKey(ProgramSettings.Offline) ? "" : $"unset {ProgramSettings.Offline}\n";
            await RunInitCommandAsync(online + command, guest, user, cancellationToken).ConfigureAwait(false);
        }

        if (plan.Functions is { } functions)
        {
            bool hasNetwork = plan.Spec.Policy.Network != NetworkAccess.None;
            await functions.InstallAsync(guest, user.Id, hasNetwork, cancellationToken).ConfigureAwait(false);
        }

        if (plan.Spec.NeedsSetupNetwork && _internals.CutsNetwork)
        {
            await container.CutNetworkAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs the caller's command as root, in <c>/</c>, before any guest code of this container.</summary>
    private static async Task RunInitCommandAsync(
        string command, ContainerSetup guest, ContainerUser user, CancellationToken cancellationToken)
    {
        if (guest.Agent is null && user.IsRoot)
        {
            throw ContainerUser.WouldShareSetUp("would have too in an image without Python.");
        }

        (int exitCode, string said) = await guest.RunAsRootAsync(command, cancellationToken).ConfigureAwait(false);
        if (exitCode != 0)
        {
            throw new SandboxUnavailableException(
                "init-command-failed",
                $"InitCommand failed with exit code {exitCode}: {said}",
                "It runs as root in a POSIX shell in '/', with the image's own programs. Network = None gives it no network.");
        }
    }

    private static async Task SealAsync(
        ContainerDefinition spec, ContainerSetup guest, ContainerUser user, CancellationToken cancellationToken)
    {
        string notLoaded;
        try
        {
            notLoaded = await guest.SealAsync(spec.Request, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e) when (spec.WorkDirectory is not null && !guest.Ended.IsCompleted)
        {
            throw GuestCheck.NotTheGuests(spec.WorkDirectory, user.Id, e);
        }

        if (notLoaded.Length > 0)
        {
            throw new SandboxUnavailableException(
                "preload-failed",
                $"Modules cannot be preloaded: {WorkspacePath.Printable(notLoaded)}",
                "Use an image that has them, install them by InitCommand, or take them out of Preload.");
        }
    }

    private CodeExecutionException? Explain(Exception error, EngineConnection engine) => error switch
    {
        ContainerStartException { Message: { } said } when said.Contains("exec format error", StringComparison.OrdinalIgnoreCase) =>
            EngineErrors.PlatformMismatch($"{_options.Image}: {WorkspacePath.Printable(said.Trim())}", error),
        ContainerStartException => new SandboxUnavailableException(
            "container-failed",
            $"The container of the image '{_options.Image}' ended at once: {WorkspacePath.Printable(error.Message.Trim())}",
            $"Try the image by hand: docker run --rm -it --entrypoint /bin/sh {_options.Image}",
            error),
        OperationCanceledException => new SandboxUnavailableException(
            "container-failed",
            $"The container of the image '{_options.Image}' was not ready after {LongestStart.TotalSeconds:0} s.",
            "See what keeps the engine's machine busy.",
            error),
        _ => EngineErrors.Explain(error, engine.Endpoint),
    };
}
