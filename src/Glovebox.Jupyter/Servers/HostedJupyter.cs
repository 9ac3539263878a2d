using System.Net.Sockets;
using Glovebox.Environments;
using Glovebox.Functions.Setup;
using Glovebox.Jupyter.Client;
using Glovebox.Jupyter.Displays;

namespace Glovebox.Jupyter.Servers;

/// <summary>A Jupyter server that Glovebox starts inside an environment, and reaches through its guest agent: it needs no network, and has no
/// port. Blocks of other languages run as processes beside it.</summary>
internal sealed class HostedJupyter : JupyterEnvironment, IFunctionEnvironment
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    private readonly IExecutionEnvironment _inner;
    private readonly IServiceHost _services;
    private readonly TimeProvider _time;
    private CancellationTokenSource? _serverKill;
    private Task<ProcessExit>? _server;

    /// <summary>Whether the server has shown that it is gone; the news of its end may come later.</summary>
    private bool _isLost;

    /// <summary>Makes a server; nothing is started yet.</summary>
    /// <param name="inner">Where it is to run; owned from here on.</param>
    /// <param name="settings">Its options.</param>
    /// <param name="time">The clock.</param>
    public HostedJupyter(IExecutionEnvironment inner, JupyterSettings settings, TimeProvider time)
        : base(settings, time)
    {
        _inner = inner;
        _services = (IServiceHost)inner;
        _time = time;
        DisplayFiles = new DisplayFiles(settings.OutputDir, () => inner.Files);
    }

    public override string Kind => _inner.Kind;

    public override bool IsRunning => _inner.IsRunning && !_isLost && _server is { IsCompleted: false };

    public override string WorkDirectory => _inner.WorkDirectory;

    public override EnvironmentCapabilities Capabilities => _inner.Capabilities;

    public override IWorkspace Files => _inner.Files;

    public override bool RunsPrograms => true;

    public override DisplayFiles DisplayFiles { get; }

    public void Offer(OfferedFunctions functions) =>
        (_inner as IFunctionEnvironment ?? throw new ArgumentException("Functions is not empty, but this environment offers none.")).Offer(functions);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await EndServerAsync().ConfigureAwait(false);
        try
        {
            await _inner.StartAsync(cancellationToken).ConfigureAwait(false);
            if (!_inner.Capabilities.UsesGuestAgent)
            {
                throw new EnvironmentUnavailableException("jupyter-needs-python", $"A Jupyter server needs Python, and the {Kind} environment has none.", "Install Python there, or name an image that has it.");
            }

            string folder = $"/tmp/.glovebox-{Guid.NewGuid().ToString("n")[..16]}";
            await StartServerAsync(folder, cancellationToken).ConfigureAwait(false);
            UnixDomainSocketEndPoint socket = new(folder + "/s");
            JupyterClient client = new(new Uri("http://localhost/"), token: null, c => new(_services.ConnectAsync(socket, c)), _time)
            {
                Where = $"in the {Kind} environment",
            };
            await ConnectAsync(client, spec => Place(spec, folder), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await EndServerAsync().ConfigureAwait(false);
            await _inner.StopAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await EndServerAsync().ConfigureAwait(false);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await _inner.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public override Task<ProcessExit> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill) => _inner.RunAsync(command, output, kill);

    public override async Task ClearAfterKernelAsync()
    {
        try
        {
            await _services.EndAllButServicesAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (EnvironmentLostException)
        {
            // All has ended.
        }
    }

    public override (TerminationReason Reason, string Notice) ServerLost()
    {
        _isLost = true;
        return (TerminationReason.EnvironmentLost, "The Jupyter server has ended; the next block gets a fresh one.");
    }

    public override async Task<bool> PrepareKernelAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await base.PrepareKernelAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (EnvironmentLostException)
        {
            // The server ended after an earlier block, by what that left behind, say. Nobody stops us meanwhile: a stop waits for the block.
            await StartAsync(cancellationToken).ConfigureAwait(false);
            return await base.PrepareKernelAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => _services.TakeOutOfMemoryAsync(isExpected);

    public override async ValueTask DisposeAsync()
    {
        await EndServerAsync().ConfigureAwait(false);
        DisplayFiles.Dispose();
        await _inner.DisposeAsync().ConfigureAwait(false);
    }

    private async Task StartServerAsync(string folder, CancellationToken cancellationToken)
    {
        ServerLog log = new();
        GuestCommand command = new(["python3", "python"], ["-c", ServerLauncher.Script, _inner.WorkDirectory, folder]) { IsService = true };
        _isLost = false;
        _serverKill = new CancellationTokenSource();
        _server = _inner.RunAsync(command, log, _serverKill.Token);
        using CancellationTokenSource longest = new(LongestStart, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(longest.Token, cancellationToken);
        try
        {
            await Task.WhenAny(log.Ready, _server).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw ServerLauncher.Failed($"it was not ready after {LongestStart.TotalSeconds:0} s", log);
        }

        if (!log.Ready.IsCompleted)
        {
            throw ServerLauncher.Explain(Kind, await _server.ConfigureAwait(false), log);
        }
    }

    /// <summary>Ends the server with its kernels.</summary>
    private async Task EndServerAsync()
    {
        await AbandonAsync().ConfigureAwait(false);
        if (_server is { } server)
        {
            _server = null;
            await _serverKill!.CancelAsync().ConfigureAwait(false);
            await ((Task)server).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _serverKill.Dispose();
        }
    }

    /// <summary>Says where a kernel starts.</summary>
    /// <remarks>A Python kernel starts outside of the work directory and then enters it: a file <c>random.py</c> there would keep it from starting.</remarks>
    private (string Path, string? Initialization) Place(KernelSpec spec, string folder) =>
        string.Equals(spec.Language, CodeLanguage.Python.Name, StringComparison.OrdinalIgnoreCase)
            ? (folder, $"__import__('os').chdir('{_inner.WorkDirectory}')")
            : (_inner.WorkDirectory, null);
}
