using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Glovebox.Functions.Setup;
using Glovebox.Sandboxes.Files;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Local;

/// <summary>The host itself. Nothing is isolated.</summary>
/// <param name="work">The work directory.</param>
/// <param name="variables">The environment variables of programs.</param>
internal sealed class LocalSandbox(string work, LocalVariables variables) : ISandbox
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new();
    private readonly List<LocalListener> _listeners = [];
    private readonly ProcessTable _processes = new();
    private int _background;
    private GuestFiles? _files;

    public string Kind => "local";

    public string WorkDirectory => work;

    public Task Ended => _ended.Task;

    public IWorkspace Workspace => Directory;

    public ISandboxFiles Files => LazyInitializer.EnsureInitialized(ref _files, () => new GuestFiles(this));

    public IReadOnlyList<ISandboxProcess> Processes => _processes.Running;

    public HostDirectory Directory { get; } = new(work);

    public SandboxCapabilities Capabilities { get; } = new()
    {
        Kind = "local",
        IsIsolated = false,
        UsesGuestAgent = false,
        Controls =
        [
            .. new[] { "memory", "processes", "cpus", "network", "filesystem" }
                .Select(name => new ControlCapability(name, EnforcementLevel.None, "the host's own")),
            new("output", EnforcementLevel.Full, "bounded by the executor"),
        ],
    };

    public async Task<ISandboxProcess> StartProcessAsync(ProcessRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        await request.PrepareAsync(Directory, cancellationToken).ConfigureAwait(false);
        OutputHub output = new(request);
        LocalControls controls = new();
        return SandboxProcess.Start(
            _processes,
            request,
            output,
            controls,
            kill => RunAsync(request, work, new Dictionary<string, string>(), output, controls, kill));
    }

    /// <summary>Runs programs in another folder, with more variables.</summary>
    public FunctionSetup.Run RunIn(string folder, IReadOnlyDictionary<string, string> more) =>
        (request, kill) => RunAsync(request, folder, more, request.Output ?? NoOutput.Instance, new LocalControls(), kill);

    public async Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
    {
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException(e.Message, e);
        }
    }

    public Task<ISandboxListener> ListenAsync(EndPoint endPoint, CancellationToken cancellationToken = default)
    {
        LocalListener listener = new(endPoint);
        lock (_listeners)
        {
            _listeners.Add(listener);
        }

        return Task.FromResult<ISandboxListener>(listener);
    }

    public Task EndProcessesAsync(CancellationToken cancellationToken = default) => ProcessTree.KillAsync(root: null, variables.Marker);

    public ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => new(false);

    public async ValueTask DisposeAsync()
    {
        if (!_ended.TrySetResult())
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        Directory.Dispose();
        LocalListener[] listeners;
        lock (_listeners)
        {
            listeners = [.. _listeners];
        }

        foreach (LocalListener listener in listeners)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }

        await ProcessTree.KillAsync(root: null, variables.Marker, isBeginning: true).ConfigureAwait(false);
        if (_files is not null)
        {
            await _files.DisposeAsync().ConfigureAwait(false);
        }

        _stopping.Dispose();
    }

    private async Task<ProcessExit> RunAsync(
        ProcessRequest request,
        string folder,
        IReadOnlyDictionary<string, string> more,
        IOutputSink output,
        LocalControls controls,
        CancellationToken kill)
    {
        folder = Path.Combine(folder, request.Directory ?? "");
        if (variables.FindProgram(request.Programs, request.Directory is null ? work : folder) is not { } program)
        {
            return new ProcessExit(ProcessExitKind.NotFound, 127, $"{request.Programs[0]}: not found");
        }

        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(kill, _stopping.Token);
        ProcessStartInfo info = new(program, request.Arguments) { WorkingDirectory = folder };
        variables.Apply(info.Environment);
        foreach ((string name, string value) in request.AllVariables.Concat(more))
        {
            info.Environment[name] = value;
        }

        // What runs beside others is known by a marker of its own, so that the ends of others leave it alive.
        string marker = request.IsBackground || request.IsService
            ? $"{variables.Marker}-{Interlocked.Increment(ref _background)}"
            : variables.Marker;
        info.Environment[ProcessTree.MarkerVariable] = marker;
        try
        {
            using HostProcess process = request.HasOpenInput
                ? HostProcess.StartOpen(info, output, request.Terminal)
                : HostProcess.Start(info, output, request.StandardInput);
            controls.Process = process;
            return await process.WaitAsync(() => ProcessTree.KillAsync(process.Id, marker), either.Token).ConfigureAwait(false);
        }
        catch (Win32Exception e)
        {
            return new ProcessExit(ProcessExitKind.NotStarted, 126, $"{program}: {e.Message}");
        }
    }
}
