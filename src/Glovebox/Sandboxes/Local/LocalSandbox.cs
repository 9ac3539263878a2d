using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Glovebox.Functions.Setup;
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

    public string Kind => "local";

    public string WorkDirectory => work;

    public Task Ended => _ended.Task;

    public IWorkspace Files => Directory;

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
        if (request.IsService)
        {
            throw new NotSupportedException("On the host itself, the end of one program ends all: a service would go with it.");
        }

        await request.PrepareAsync(Directory, cancellationToken).ConfigureAwait(false);
        return SandboxProcess.Start(kill => RunAsync(request, work, new Dictionary<string, string>(), kill));
    }

    /// <summary>Runs programs in another folder, with more variables.</summary>
    public FunctionSetup.Run RunIn(string folder, IReadOnlyDictionary<string, string> more) =>
        (request, kill) => RunAsync(request, folder, more, kill);

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

        await ProcessTree.KillAsync(root: null, variables.Marker).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task<ProcessExit> RunAsync(
        ProcessRequest request, string folder, IReadOnlyDictionary<string, string> more, CancellationToken kill)
    {
        if (variables.FindProgram(request.Programs, work) is not { } program)
        {
            return new ProcessExit(ProcessExitKind.NotFound, 127, $"{request.Programs[0]}: not found");
        }

        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(kill, _stopping.Token);
        ProcessStartInfo info = new(program, request.Arguments) { WorkingDirectory = folder };
        variables.Apply(info.Environment);
        foreach ((string name, string value) in request.Variables.Concat(more))
        {
            info.Environment[name] = value;
        }

        try
        {
            using HostProcess process = HostProcess.Start(info, request.Output ?? NoOutput.Instance, request.StandardInput);
            return await process.WaitAsync(() => ProcessTree.KillAsync(process.Id, variables.Marker), either.Token).ConfigureAwait(false);
        }
        catch (Win32Exception e)
        {
            return new ProcessExit(ProcessExitKind.NotStarted, 126, $"{program}: {e.Message}");
        }
    }
}
