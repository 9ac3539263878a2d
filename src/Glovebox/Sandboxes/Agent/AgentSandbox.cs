using System.Net;
using Glovebox.Functions;
using Glovebox.Sandboxes.Agent.Protocol;
using Glovebox.Sandboxes.Files;

namespace Glovebox.Sandboxes.Agent;

/// <summary>A sandbox with a guest agent: all that it does goes over one duplex stream to a place with Python 3.</summary>
public sealed class AgentSandbox : ISandbox
{
    /// <summary>How long the agent may take to end a run before the whole sandbox is ended.</summary>
    private static readonly TimeSpan LongestKill = TimeSpan.FromMilliseconds(600);

    private readonly AgentClient _agent;
    private readonly SandboxPlace _place;
    private readonly ProcessTable _processes = new();

    /// <summary>Makes a sandbox of an agent that was sealed.</summary>
    internal AgentSandbox(AgentClient agent, SandboxPlace place, SandboxCapabilities capabilities)
    {
        _agent = agent;
        _place = place;
        Capabilities = capabilities;
        Workspace = place.Workspace ?? new GuestWorkspace(agent);
        Files = new GuestFiles(this);
    }

    /// <summary>Gets the Python program with which the guest agent starts: run <c>python3 -c</c> with it as the first process of a place,
    /// and give <see cref="StartAsync"/> the stream of its standard input and output.</summary>
    public static string Bootstrap => AgentSource.Bootstrap;

    /// <inheritdoc/>
    public string Kind => _place.Kind;

    /// <inheritdoc/>
    public string WorkDirectory => _place.WorkDirectory;

    /// <inheritdoc/>
    public SandboxCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public Task Ended => _agent.Ended;

    /// <inheritdoc/>
    public IWorkspace Workspace { get; }

    /// <inheritdoc/>
    public ISandboxFiles Files { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ISandboxProcess> Processes => _processes.Running;

    /// <summary>Makes a sandbox of a place in which a Python was started with <see cref="Bootstrap"/>.</summary>
    /// <param name="channel">The stream to it. Owned by the sandbox from here on, also when the start fails.</param>
    /// <param name="place">What was started, and how it ends. Owned by the sandbox from here on, also when the start fails.</param>
    /// <param name="capabilities">What the place enforces.</param>
    /// <param name="request">What the sandbox is made of.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SandboxUnavailableException">The agent does not start, or a module of the request cannot be preloaded.</exception>
    /// <exception cref="FunctionSetupException">The functions of the request cannot be set up.</exception>
    public static async Task<AgentSandbox> StartAsync(
        Stream channel,
        SandboxPlace place,
        SandboxCapabilities capabilities,
        SandboxRequest request,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(place);
        ArgumentNullException.ThrowIfNull(capabilities);
        ArgumentNullException.ThrowIfNull(request);
        AgentClient agent = new(channel);
        try
        {
            await channel.WriteAsync(AgentSource.Bytes, cancellationToken).ConfigureAwait(false);
            await agent.ConnectAsync(
                new AgentConfiguration(0, 0, place.WorkDirectory, request.Variables), cancellationToken).ConfigureAwait(false);
            if (request.Functions is { } offered)
            {
                GuestFunctions functions = new(offered, $"/tmp/.glovebox-functions-{Guid.NewGuid():n}");
                await functions.OfferAsync(agent, cancellationToken).ConfigureAwait(false);
                await functions.InstallAsync(agent, request.Policy.Network != NetworkAccess.None, cancellationToken).ConfigureAwait(false);
            }

            string notLoaded = await agent.SealAsync(request, cancellationToken).ConfigureAwait(false);
            return notLoaded.Length == 0
                ? new AgentSandbox(agent, place, capabilities)
                : throw new SandboxUnavailableException(
                    "preload-failed",
                    $"Modules cannot be preloaded: {WorkspacePath.Printable(notLoaded)}",
                    "Install them there, or take them out of Preload.");
        }
        catch (Exception e)
        {
            await agent.DisposeAsync().ConfigureAwait(false);
            await place.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (e is IOException or GuestProtocolException or ObjectDisposedException)
            {
                throw new SandboxUnavailableException(
                    "sandbox-failed", $"The guest agent does not start: {e.Message}", "See that Python 3.8 or newer runs there.", e);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<ISandboxProcess> StartProcessAsync(ProcessRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();

        // What only the agent reaches is saved, and listed, in the exchange that starts the program, as far as a frame holds it.
        bool isAgentsFile = _place.Workspace is null;
        bool isOneExchange = isAgentsFile && !(request.File?.Content.Length > GuestWorkspace.ChunkSize);
        if (!isOneExchange)
        {
            await request.PrepareAsync(Workspace, cancellationToken).ConfigureAwait(false);
        }

        // What ran out of memory before is not this program's.
        await _place.TakeOutOfMemoryAsync(isExpected: false).ConfigureAwait(false);
        OutputHub output = new(request);
        AgentRun run = _agent.Start(request, savesFile: isOneExchange, listsFiles: request.ListsFiles && isAgentsFile, output: output);
        return SandboxProcess.Start(_processes, request, output, run, kill => WaitAsync(run, kill));
    }

    /// <inheritdoc/>
    public Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken = default) =>
        _agent.ConnectAsync(endPoint, cancellationToken);

    /// <inheritdoc/>
    public Task<ISandboxListener> ListenAsync(EndPoint endPoint, CancellationToken cancellationToken = default) =>
        _agent.ListenAsync(endPoint, cancellationToken);

    /// <inheritdoc/>
    public Task EndProcessesAsync(CancellationToken cancellationToken = default) => _agent.SweepAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => _place.TakeOutOfMemoryAsync(isExpected);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _place.EndAsync().ConfigureAwait(false);

        // The end of the channel ends the agent, and with it everything.
        await _agent.DisposeAsync().ConfigureAwait(false);
        await _place.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<ProcessExit> WaitAsync(AgentRun run, CancellationToken kill)
    {
        Task<ProcessExit?> reported = run.WaitAsync();
        CancellationTokenRegistration killing = kill.UnsafeRegister(_ => _ = KillAsync(run, reported), null);
        await using (killing.ConfigureAwait(false))
        {
            return await _place.FinishAsync(await reported.ConfigureAwait(false), reportsMemory: true, Ended, kill).ConfigureAwait(false);
        }
    }

    /// <summary>Has the agent end a run. The agent is guest code's neighbour: when it does not answer, the sandbox goes.</summary>
    private async Task KillAsync(AgentRun run, Task reported)
    {
        run.Kill();
        await Task.WhenAny(reported, Task.Delay(LongestKill)).ConfigureAwait(false);
        if (!reported.IsCompleted)
        {
            _place.Kill();
        }
    }
}
