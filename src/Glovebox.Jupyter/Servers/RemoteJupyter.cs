using Glovebox.Jupyter.Client;
using Glovebox.Execution.Displays;

namespace Glovebox.Jupyter.Servers;

/// <summary>A Jupyter Server or Kernel Gateway that someone else started, at a URL. Glovebox has a kernel of its own on it.</summary>
internal sealed class RemoteJupyter(Uri root, string? token, KernelOptions settings, TimeProvider time)
    : JupyterHost(settings, time, new DisplayFiles(settings.OutputDir, workspace: null))
{
    private RemoteWorkspace? _files;

    public override string Kind => "jupyter";

    public override bool IsRunning => Current is { IsConnected: true };

    public override IWorkspace Files => _files ?? throw new InvalidOperationException("The executor is not started.");

    public override SandboxCapabilities Capabilities { get; } = new()
    {
        Kind = "jupyter",
        IsIsolated = false,
        UsesGuestAgent = false,
        Controls =
        [
            .. new[] { "memory", "processes", "cpus", "network", "filesystem", "user" }.Select(
                c => new ControlCapability(c, EnforcementLevel.None, "as the server at the URL was started")),
            new("output", EnforcementLevel.Full, "bounded by the executor"),
        ],
    };

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (Client is not null)
        {
            // Only the connection was lost, perhaps.
            await EnsureKernelAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        JupyterClient client = new(root, token, connect: null, Time);
        _files = new RemoteWorkspace(client);
        try
        {
            await ConnectAsync(client, _ => (null, null), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await StopAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override async Task StopAsync()
    {
        // The kernel is ours, the server is not.
        if (Current is { } kernel)
        {
            await kernel.DisposeAsync().ConfigureAwait(false);
        }

        await AbandonAsync().ConfigureAwait(false);
        _files = null;
        await base.StopAsync().ConfigureAwait(false);
    }

    public override Task ClearAfterKernelAsync() => Task.CompletedTask;

    public override (TerminationReason Reason, string Notice) ServerLost() => throw JupyterErrors.ServerLost(JupyterErrors.At(root));

    public override async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);
}
