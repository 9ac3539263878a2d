using System.Net.Sockets;
using Glovebox.Execution;
using Glovebox.Jupyter.Client;
using Glovebox.Execution.Displays;

namespace Glovebox.Jupyter.Servers;

/// <summary>A Jupyter server that Glovebox starts in a sandbox, and reaches through its guest agent: it needs no network, and has no
/// port. Blocks of other languages run as processes beside it.</summary>
internal sealed class HostedJupyter(LiveSandbox sandbox, KernelOptions settings, TimeProvider time)
    : JupyterHost(settings, time, new DisplayFiles(settings.OutputDir, () => sandbox.Current.Workspace))
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    private ISandboxProcess? _server;

    /// <summary>Whether the server has shown that it is gone; the news of its end may come later.</summary>
    private bool _isLost;

    public override string Kind => sandbox.Kind;

    public override bool IsRunning => sandbox.IsRunning && !_isLost && _server is { Ended.IsCompleted: false };

    public override SandboxCapabilities Capabilities => sandbox.Current.Capabilities;

    public override IWorkspace Files => sandbox.Current.Workspace;

    public override LiveSandbox Sandbox => sandbox;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await EndServerAsync().ConfigureAwait(false);
        try
        {
            await sandbox.StartAsync(cancellationToken).ConfigureAwait(false);
            if (!sandbox.Current.Capabilities.UsesGuestAgent)
            {
                throw ServerLauncher.NeedsPython(Kind);
            }

            string folder = $"/tmp/.glovebox-{Guid.NewGuid().ToString("n")[..16]}";
            await StartServerAsync(folder, cancellationToken).ConfigureAwait(false);
            UnixDomainSocketEndPoint socket = new(folder + "/s");
            JupyterClient client = new(new Uri("http://localhost/"), token: null, c => new(sandbox.Current.ConnectAsync(socket, c)), Time)
            {
                Where = $"in the {Kind} sandbox",
            };
            await ConnectAsync(client, spec => Place(spec, folder), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await EndServerAsync().ConfigureAwait(false);
            await sandbox.StopAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override async Task StopAsync()
    {
        await EndServerAsync().ConfigureAwait(false);
        await base.StopAsync().ConfigureAwait(false);
        await sandbox.StopAsync().ConfigureAwait(false);
    }

    public override async Task ClearAfterKernelAsync()
    {
        try
        {
            await sandbox.Current.EndProcessesAsync(CancellationToken.None).ConfigureAwait(false);
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
            // The server ended after an earlier block, by what that left behind, say. No stop comes between: it waits for the block.
            await StartAsync(cancellationToken).ConfigureAwait(false);
            return await base.PrepareKernelAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) =>
        sandbox.Started?.TakeOutOfMemoryAsync(isExpected) ?? new(false);

    public override async ValueTask DisposeAsync()
    {
        await EndServerAsync().ConfigureAwait(false);
        DisplayFiles.Dispose();
        await sandbox.DisposeAsync().ConfigureAwait(false);
    }

    private async Task StartServerAsync(string folder, CancellationToken cancellationToken)
    {
        ServerLog log = new();
        string[] arguments = ["-c", ServerLauncher.Script, sandbox.Current.WorkDirectory, folder];
        ProcessRequest request = new(["python3", "python"], arguments) { Output = log, IsService = true };
        _isLost = false;
        _server = await sandbox.Current.StartProcessAsync(request, cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource longest = new(LongestStart, Time);
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
            ? (folder, $"__import__('os').chdir('{sandbox.Current.WorkDirectory}')")
            : (sandbox.Current.WorkDirectory, null);
}
