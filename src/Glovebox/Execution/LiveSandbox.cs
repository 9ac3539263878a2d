using Glovebox.Egress;

namespace Glovebox.Execution;

/// <summary>The sandbox of an executor: started of one request, and started again after a stop or a loss.</summary>
internal sealed class LiveSandbox(ISandboxProvider provider, SandboxRequest request) : IAsyncDisposable
{
    private ISandbox? _started;
    private EgressProxy? _egress;

    public string Kind => provider.Kind;

    public bool IsRunning => _started is { Ended.IsCompleted: false };

    /// <summary>The sandbox that was started, which may have ended since; null: none is.</summary>
    public ISandbox? Started => _started;

    /// <summary>The sandbox.</summary>
    /// <exception cref="SandboxLostException">It has been stopped.</exception>
    public ISandbox Current => _started ?? throw new SandboxLostException("The sandbox has ended.");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await StopAsync().ConfigureAwait(false);
        _started = await provider.StartAsync(request, cancellationToken).ConfigureAwait(false);
        if (request.Egress is { } egress)
        {
            try
            {
                _egress = await EgressProxy.StartAsync(_started, egress, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await StopAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    public async Task StopAsync()
    {
        if (_egress is { } egress)
        {
            _egress = null;
            await egress.DisposeAsync().ConfigureAwait(false);
        }

        if (_started is { } started)
        {
            _started = null;
            await started.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await request.DisposeAsync().ConfigureAwait(false);
    }
}
