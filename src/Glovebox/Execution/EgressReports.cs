using Glovebox.Egress;
using Microsoft.Extensions.Logging;

namespace Glovebox.Execution;

/// <summary>Tells of what guest code reaches: the log, the trace, and whoever reads the updates of the block that runs.</summary>
internal sealed partial class EgressReports(ILogger logger, TimeProvider time)
{
    // How many are logged in a minute. Guest code decides how many there are, and must not fill the host's disk.
    private const int MaxRefused = 60;
    private const int MaxAllowed = 600;

    private readonly Lock _lock = new();
    private readonly List<BlockRun> _running = [];
    private Func<EgressEvent, Task>[] _between = [];
    private readonly PerMinute _refused = new(time);
    private readonly PerMinute _allowed = new(time);


    /// <summary>Has what happens told to a block's reader, until the value is disposed. Where blocks run at the same time, in contexts,
    /// that is the one which began last: a connection does not say whose it is.</summary>
    public IDisposable Begin(BlockRun run)
    {
        lock (_lock)
        {
            _running.Add(run);
        }

        return new Running(this, run);
    }

    /// <summary>Has what happens while no block runs told to somebody: what earlier blocks have left running does it. An
    /// <see cref="EgressRefusal"/> that comes back is one of the connection.</summary>
    public void TellBetween(Func<EgressEvent, Task> tell)
    {
        lock (_lock)
        {
            _between = [.. _between, tell];
        }
    }

    public async Task ReportAsync(EgressEvent happened)
    {
        switch (happened.Kind)
        {
            case EgressEventKind.Allowed:
                int allowed = _allowed.Count();
                string? rule = happened.Rule is null ? null : WorkspacePath.Printable(happened.Rule);
                if (allowed <= MaxAllowed)
                {
                    LogAllowed(logger, happened.Connection, happened.Host, happened.Port, happened.Method, happened.Path, rule);
                }
                else if (allowed == MaxAllowed + 1)
                {
                    LogTooManyAllowed(logger, MaxAllowed);
                }

                break;
            case EgressEventKind.Refused:
                int refused = _refused.Count();
                if (refused <= MaxRefused)
                {
                    LogRefused(logger, happened.Connection, happened.Host, happened.Port, happened.Method, happened.Path, happened.Reason);
                }
                else if (refused == MaxRefused + 1)
                {
                    LogTooMany(logger, MaxRefused);
                }

                break;
            default:
                LogClosed(logger, happened.Connection, happened.BytesSent, happened.BytesReceived);
                break;
        }

        BlockRun? run;
        lock (_lock)
        {
            run = _running.LastOrDefault();
        }

        if (run is null)
        {
            foreach (Func<EgressEvent, Task> tell in _between)
            {
                await tell(happened).ConfigureAwait(false);
            }

            return;
        }

        try
        {
            await run.Output.AddAsync(new EgressUpdate(run.Index, happened), run.Kill).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The block is over, and nobody reads on.
        }
    }

    private sealed class Running(EgressReports reports, BlockRun run) : IDisposable
    {
        public void Dispose()
        {
            lock (reports._lock)
            {
                reports._running.Remove(run);
            }
        }
    }

    /// <summary>Counts what happens within a minute.</summary>
    private sealed class PerMinute(TimeProvider time)
    {
        private readonly Lock _lock = new();
        private long _began;
        private int _count;

        /// <returns>How many there were in this minute, this one included.</returns>
        public int Count()
        {
            lock (_lock)
            {
                if (_count == 0 || time.GetElapsedTime(_began) >= TimeSpan.FromMinutes(1))
                {
                    (_began, _count) = (time.GetTimestamp(), 0);
                }

                return ++_count;
            }
        }
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Connection {Connection} of guest code: {Host}:{Port} is allowed ({Method} {Path}) by the rule {Rule}.")]
    private static partial void LogAllowed(
        ILogger logger, long connection, string host, int port, string? method, string? path, string? rule);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Connection {Connection} of guest code: {Host}:{Port} is refused ({Method} {Path}): {Reason}.")]
    private static partial void LogRefused(
        ILogger logger, long connection, string host, int port, string? method, string? path, string? reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "More than {Count} connections of guest code were refused within a minute; what else is refused in it is not logged.")]
    private static partial void LogTooMany(ILogger logger, int count);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "More than {Count} connections and requests of guest code were allowed within a minute; what else is allowed in it is not"
            + " logged.")]
    private static partial void LogTooManyAllowed(ILogger logger, int count);

    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "Connection {Connection} of guest code ended: {Sent} bytes sent, {Received} bytes received.")]
    private static partial void LogClosed(ILogger logger, long connection, long sent, long received);
}
