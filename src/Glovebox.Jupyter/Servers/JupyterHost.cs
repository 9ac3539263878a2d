using Glovebox.Execution;
using Glovebox.Jupyter.Client;
using Glovebox.Execution.Displays;
using Glovebox.Jupyter.Kernels;

namespace Glovebox.Jupyter.Servers;

/// <summary>A Jupyter server with one kernel, and what it runs in.</summary>
internal abstract class JupyterHost(KernelOptions settings, TimeProvider time, DisplayFiles displayFiles) : IAsyncDisposable
{
    private KernelSpec? _spec;
    private bool _hasState;
    private bool _isNew;

    public abstract string Kind { get; }

    public abstract bool IsRunning { get; }

    public abstract SandboxCapabilities Capabilities { get; }

    public abstract IWorkspace Files { get; }

    /// <summary>The sandbox of the server, in which programs can be run beside the kernel; null: there is none.</summary>
    public virtual LiveSandbox? Sandbox => null;

    /// <summary>Saves displays.</summary>
    public DisplayFiles DisplayFiles => displayFiles;

    /// <summary>The numbers of displays by the names that their kernel gave them, for as long as it lives.</summary>
    public Dictionary<string, int> DisplayNames { get; } = new(StringComparer.Ordinal);

    /// <summary>The language of the kernel, as its spec names it; empty when it names none.</summary>
    public string Language => _spec?.Language ?? "";

    /// <summary>The kernel. There is one between a start and a stop.</summary>
    public Kernel Kernel => Current ?? throw new SandboxLostException("The Jupyter server has ended.");

    protected Kernel? Current { get; private set; }

    protected JupyterClient? Client { get; private set; }

    protected TimeProvider Time => time;

    public abstract Task StartAsync(CancellationToken cancellationToken);

    public virtual Task StopAsync()
    {
        // What was there before was given up on purpose.
        _hasState = false;
        _isNew = false;
        DisplayNames.Clear();
        DisplayFiles.Dispose();
        return Task.CompletedTask;
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>Makes sure that the kernel answers, for a block that is about to run in it.</summary>
    /// <returns>Whether what earlier blocks defined is gone.</returns>
    public virtual async Task<bool> PrepareKernelAsync(CancellationToken cancellationToken)
    {
        bool isNew = await Kernel.EnsureReadyAsync(cancellationToken).ConfigureAwait(false) || _isNew;
        _isNew = false;
        bool lost = isNew && _hasState;
        if (lost)
        {
            DisplayNames.Clear();
        }

        _hasState = true;
        return lost;
    }

    /// <summary>The kernel was ended by force: ends what it left behind.</summary>
    public abstract Task ClearAfterKernelAsync();

    /// <summary>Says how a block ended under which the server went.</summary>
    /// <exception cref="SandboxLostException">It is an error, and not the block's doing.</exception>
    public abstract (TerminationReason Reason, string Notice) ServerLost();

    /// <summary>Whether memory was used up since this was last asked.</summary>
    /// <param name="isExpected">Whether there is reason to wait a moment for the news.</param>
    public virtual ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => new(false);

    /// <summary>Finds the kernel on a server that has been started, and starts it.</summary>
    protected async Task ConnectAsync(
        JupyterClient client, Func<KernelSpec, (string? Path, string? Initialization)> place, CancellationToken cancellationToken)
    {
        Client = client;
        _spec = await client.FindKernelSpecAsync(settings.KernelName, cancellationToken).ConfigureAwait(false);
        (string? path, string? initialization) = place(_spec);
        Current = new Kernel(client, new KernelStart(settings.KernelName, path), initialization, time);
        await Current.EnsureReadyAsync(cancellationToken).ConfigureAwait(false);
        await DisplayFiles.PrepareAsync(cancellationToken).ConfigureAwait(false);
        _isNew = true;
    }

    /// <summary>Connects to the kernel again, or to a new one when it is gone.</summary>
    protected async Task EnsureKernelAsync(CancellationToken cancellationToken)
    {
        await Client!.FindKernelSpecAsync(settings.KernelName, cancellationToken).ConfigureAwait(false);
        _isNew |= await Kernel.EnsureReadyAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lets go of a server that has ended, and of its kernel.</summary>
    protected async Task AbandonAsync()
    {
        if (Current is { } kernel)
        {
            Current = null;
            await kernel.AbandonAsync().ConfigureAwait(false);
        }

        Client?.Dispose();
        Client = null;
    }
}
