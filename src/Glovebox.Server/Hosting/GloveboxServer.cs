using Glovebox.Server.Audit;
using Glovebox.Server.Sessions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Glovebox.Server.Hosting;

/// <summary>The server's life within the application's: what an earlier one left is closed, sandboxes are started ahead, and at the end
/// what runs has some time to finish.</summary>
internal sealed partial class GloveboxServer(
    GloveboxServerOptions options,
    ServerSessions sessions,
    RunningWork work,
    SessionStore store,
    AuditStore audit,
    TimeProvider time,
    ILogger<GloveboxServer> logger) : IHostedLifecycleService, IAsyncDisposable
{
    private static readonly TimeSpan CleanInterval = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource _ending = new();
    private Task _filling = Task.CompletedTask;
    private ITimer? _cleaning;

    /// <summary>Whether a session can be begun: the sandboxes that are to wait have started, or failed to.</summary>
    public bool IsReady => _filling.IsCompleted && !sessions.IsDraining;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        int left = store.EndLeftovers();
        if (left > 0)
        {
            LogLeftovers(logger, left);
        }

        _cleaning = time.CreateTimer(_ => Clean(), null, TimeSpan.Zero, CleanInterval);
        _filling = FillAsync();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Comes before the web server stops to answer.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        sessions.Drain();
        await work.WaitAsync(options.DrainTime, time, cancellationToken).ConfigureAwait(false);

        // Streams that only wait for events end with their sessions, and would keep the web server.
        await DisposeAsync().ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        if (_cleaning is not null)
        {
            await _cleaning.DisposeAsync().ConfigureAwait(false);
        }

        await sessions.DisposeAsync().ConfigureAwait(false);
        await _filling.ConfigureAwait(false);
    }

    private async Task FillAsync()
    {
        try
        {
            await sessions.FillAsync(_ending.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CodeExecutionException or OperationCanceledException or ObjectDisposedException)
        {
            // The pool has logged what failed; the first session tells its client.
        }
    }

    private void Clean()
    {
        try
        {
            DateTimeOffset before = time.GetUtcNow() - options.AuditRetention;
            audit.DeleteBefore(before);
            store.DeleteBefore(before);
        }
        catch (System.Data.Common.DbException e)
        {
            LogCleanFailed(logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Sessions of an earlier server that are closed: {Count}.")]
    private static partial void LogLeftovers(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old audit could not be deleted.")]
    private static partial void LogCleanFailed(ILogger logger, Exception exception);
}
