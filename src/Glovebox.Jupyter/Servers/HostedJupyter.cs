using System.Net.Sockets;
using Glovebox.Execution;
using Glovebox.Jupyter.Client;
using Glovebox.Jupyter.Displays;

namespace Glovebox.Jupyter.Servers;

/// <summary>A Jupyter server that Glovebox starts in a sandbox, and reaches through its guest agent: it needs no network, and has no
/// port. Blocks of other languages run as processes beside it.</summary>
internal sealed class HostedJupyter : JupyterHost
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    private readonly LiveSandbox _sandbox;
    private readonly TimeProvider _time;
    private ISandboxProcess? _server;

    /// <summary>Whether the server has shown that it is gone; the news of its end may come later.</summary>
    private bool _isLost;

    /// <summary>Makes a server; nothing is started yet.</summary>
    /// <param name="sandbox">Where it is to run; owned from here on.</param>
    /// <param name="settings">Its options.</param>
    /// <param name="time">The clock.</param>
    public HostedJupyter(LiveSandbox sandbox, KernelOptions settings, TimeProvider time)
        : base(settings, time)
    {
        _sandbox = sandbox;
        _time = time;
        DisplayFiles = new DisplayFiles(settings.OutputDir, () => sandbox.Current.Files);
    }

    public override string Kind => _sandbox.Kind;

    public override bool IsRunning => _sandbox.IsRunning && !_isLost && _server is { Ended.IsCompleted: false };

    public override SandboxCapabilities Capabilities => _sandbox.Current.Capabilities;

    public override IWorkspace Files => _sandbox.Current.Files;

    public override LiveSandbox Sandbox => _sandbox;

    public override DisplayFiles DisplayFiles { get; }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await EndServerAsync().ConfigureAwait(false);
        try
        {
            await _sandbox.StartAsync(cancellationToken).ConfigureAwait(false);
            if (!_sandbox.Current.Capabilities.UsesGuestAgent)
            {
                throw new SandboxUnavailableException(
                    "jupyter-needs-python",
                    $"A Jupyter server needs Python, and the {Kind} sandbox has none.",
                    "Install Python there, or name an image that has it.");
            }

            string folder = $"/tmp/.glovebox-{Guid.NewGuid().ToString("n")[..16]}";
            await StartServerAsync(folder, cancellationToken).ConfigureAwait(false);
            UnixDomainSocketEndPoint socket = new(folder + "/s");
            JupyterClient client = new(new Uri("http://localhost/"), token: null, c => new(_sandbox.Current.ConnectAsync(socket, c)), _time)
            {
                Where = $"in the {Kind} sandbox",
            };
            await ConnectAsync(client, spec => Place(spec, folder), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await EndServerAsync().ConfigureAwait(false);
            await _sandbox.StopAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override async Task StopAsync()
    {
        await EndServerAsync().ConfigureAwait(false);
        await base.StopAsync().ConfigureAwait(false);
        await _sandbox.StopAsync().ConfigureAwait(false);
    }

    public override async Task ClearAfterKernelAsync()
    {
        try
        {
            await _sandbox.Current.EndProcessesAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (SandboxLostException)
        {
            // All has ended.
        }
    }

    public override (TerminationReason Reason, string Notice) ServerLost()
    {
        _isLost = true;
        return (TerminationReason.SandboxLost, "The Jupyter server has ended; the next block gets a fresh one.");
    }

    public override async Task<bool> PrepareKernelAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await base.PrepareKernelAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (SandboxLostException)
        {
            // The server ended after an earlier block, by what that left behind, say. Nobody stops us meanwhile: a stop waits for the
            // block.
            await StartAsync(cancellationToken).ConfigureAwait(false);
            return await base.PrepareKernelAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) =>
        (_sandbox.Started?.TakeOutOfMemoryAsync(isExpected) ?? new(false));

    public override async ValueTask DisposeAsync()
    {
        await EndServerAsync().ConfigureAwait(false);
        DisplayFiles.Dispose();
        await _sandbox.DisposeAsync().ConfigureAwait(false);
    }

    private async Task StartServerAsync(string folder, CancellationToken cancellationToken)
    {
        ServerLog log = new();
        ISandbox sandbox = _sandbox.Current;
        ProcessRequest request = new(["python3", "python"], ["-c", ServerLauncher.Script, sandbox.WorkDirectory, folder]) { Output = log, IsService = true };
        _isLost = false;
        _server = await sandbox.StartProcessAsync(request, cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource longest = new(LongestStart, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(longest.Token, cancellationToken);
        try
        {
            await Task.WhenAny(log.Ready, _server.Ended).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw ServerLauncher.Failed($"it was not ready after {LongestStart.TotalSeconds:0} s", log);
        }

        if (!log.Ready.IsCompleted)
        {
            throw ServerLauncher.Explain(Kind, await _server.Ended.ConfigureAwait(false), log);
        }
    }

    /// <summary>Ends the server with its kernels.</summary>
    private async Task EndServerAsync()
    {
        await AbandonAsync().ConfigureAwait(false);
        if (_server is { } server)
        {
            _server = null;
            server.Kill();
            await ((Task)server.Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Says where a kernel starts.</summary>
    /// <remarks>A Python kernel starts outside of the work directory and then enters it: a file <c>random.py</c> there would keep it from
    /// starting.</remarks>
    private (string Path, string? Initialization) Place(KernelSpec spec, string folder) =>
        string.Equals(spec.Language, CodeLanguage.Python.Name, StringComparison.OrdinalIgnoreCase)
            ? (folder, $"__import__('os').chdir('{_sandbox.Current.WorkDirectory}')")
            : (_sandbox.Current.WorkDirectory, null);
}
