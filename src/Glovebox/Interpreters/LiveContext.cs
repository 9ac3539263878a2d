using System.Text.Json;
using Glovebox.Execution.Displays;

namespace Glovebox.Interpreters;

/// <summary>A context as it lives in a supervisor: what comes from it, and the block that runs.</summary>
internal sealed class LiveContext(InterpreterHost host, uint number, TimeProvider time)
{
    /// <summary>How long a block has to end once it is interrupted. What it defined is kept then; of one that is killed it is
    /// not.</summary>
    private static readonly TimeSpan InterruptGrace = TimeSpan.FromSeconds(2);

    /// <summary>How long the supervisor may take to end a block.</summary>
    private static readonly TimeSpan KillGrace = TimeSpan.FromSeconds(3);

    /// <summary>How much is kept of what is printed while no block runs.</summary>
    private const int MaxPending = 64 << 10;

    private readonly Lock _lock = new();
    private readonly List<(OutputStream Stream, byte[] Data)> _pending = [];
    private int _pendingBytes;
    private long _pendingDropped;
    private BlockDisplays? _displays;
    private TaskCompletionSource<ContextEnd>? _running;
    private ContextEnd? _idleEnd;
    private bool _isLost;
    private bool _isGone;

    public InterpreterHost Host => host;

    public uint Number => number;

    /// <summary>How many blocks its state is made of.</summary>
    public int Blocks { get; set; }

    /// <summary>The numbers of displays by the names that blocks gave them.</summary>
    public Dictionary<string, int> DisplayNames { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether it can run blocks.</summary>
    public bool IsLost => _isLost || !host.IsRunning;

    /// <summary>Takes the news that its interpreter has ended while no block ran; null: it has not.</summary>
    public ContextEnd? TakeIdleEnd()
    {
        lock (_lock)
        {
            (ContextEnd? end, _idleEnd) = (_idleEnd, null);
            return end;
        }
    }

    /// <summary>Takes the news that what earlier blocks defined is gone.</summary>
    public bool TakeLoss()
    {
        (bool isGone, _isGone) = (_isGone, false);
        return isGone;
    }

    /// <summary>Runs a block until it has ended.</summary>
    /// <param name="order">The block.</param>
    /// <param name="displays">Gets what it prints and shows.</param>
    /// <param name="stop">Ends it: by an interrupt, and if that is not enough by force.</param>
    public async Task<ContextEnd> RunAsync(ExecuteOrder order, BlockDisplays displays, CancellationToken stop)
    {
        TaskCompletionSource<ContextEnd> running = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Begin(displays, running);
        try
        {
            Task sending = host.SendAsync(
                InterpreterFrame.Execute, number, JsonSerializer.SerializeToUtf8Bytes(order, InterpreterJson.Default.ExecuteOrder));

            // A supervisor that does not read must not keep the block from its end.
            Task either = Task.WhenAny(sending, running.Task);
            await either.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (sending.IsFaulted)
            {
                await sending.ConfigureAwait(false);
            }

            await ((Task)running.Task).WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ContextEnd end = running.Task.IsCompleted
                ? await running.Task.ConfigureAwait(false)
                : await StopAsync(running.Task).ConfigureAwait(false) with { WasStopped = true };
            if (!end.IsClean)
            {
                // What the block has started multiplies faster than it can be ended.
                await host.KillAsync().ConfigureAwait(false);
            }

            end = end with { Undone = Math.Min(end.Undone, order.Number) };
            Blocks = end.StateGone ? 0 : order.Number - end.Undone;
            _isGone = end.StateGone;
            return end;
        }
        finally
        {
            lock (_lock)
            {
                _displays = null;
                _running = null;
            }
        }
    }

    /// <summary>Interrupts the block that runs, if any; what it defined so far is kept.</summary>
    public async Task<bool> InterruptAsync()
    {
        lock (_lock)
        {
            if (_running is null)
            {
                return false;
            }
        }

        await host.SendAsync(InterpreterFrame.Interrupt, number, default).ConfigureAwait(false);
        return true;
    }

    /// <summary>Takes a frame. Called by the connection's reader.</summary>
    public void Handle(ReceivedFrame frame)
    {
        lock (_lock)
        {
            switch (frame.Type)
            {
                case InterpreterFrame.StandardOutput:
                    Write(OutputStream.StandardOutput, frame.Payload.Span);
                    break;
                case InterpreterFrame.StandardError:
                    Write(OutputStream.StandardError, frame.Payload.Span);
                    break;
                case InterpreterFrame.Show:
                    Show(frame.Payload);
                    break;
                case InterpreterFrame.Clear:
                    using (JsonDocument clear = JsonDocument.Parse(frame.Payload))
                    {
                        _displays?.Clear(waits: clear.RootElement.Member("wait") is { ValueKind: JsonValueKind.True });
                    }

                    break;
                case InterpreterFrame.Dropped:
                    _displays?.Drop(Math.Max(0, InterpreterHost.Read(frame, InterpreterJson.Default.DroppedNews).Bytes));
                    break;
                case InterpreterFrame.Done:
                    DoneNews done = InterpreterHost.Read(frame, InterpreterJson.Default.DoneNews);
                    _running?.TrySetResult(ContextEnd.Of(done));
                    break;
                case InterpreterFrame.Ended:
                    EndedNews ended = InterpreterHost.Read(frame, InterpreterJson.Default.EndedNews);
                    TakeEnd(ContextEnd.Of(ended), ended.Block);
                    break;
            }
        }
    }

    /// <summary>The supervisor has ended.</summary>
    public void Lose()
    {
        lock (_lock)
        {
            _isLost = true;
            _running?.TrySetResult(new ContextEnd(ContextEndKind.Lost, 137) { StateGone = true });
        }
    }

    private void Begin(BlockDisplays displays, TaskCompletionSource<ContextEnd> running)
    {
        lock (_lock)
        {
            _displays = displays;
            _running = running;
            foreach ((OutputStream stream, byte[] data) in _pending)
            {
                displays.Write(stream, data);
            }

            if (_pendingDropped > 0)
            {
                displays.Drop(_pendingDropped);
            }

            _pending.Clear();
            _pendingBytes = 0;
            _pendingDropped = 0;
            if (_isLost)
            {
                running.TrySetResult(new ContextEnd(ContextEndKind.Lost, 137) { StateGone = true });
            }
        }
    }

    private async Task<ContextEnd> StopAsync(Task<ContextEnd> ended)
    {
        // What it has started ends, too.
        if (!await EndsByAsync(InterpreterFrame.Interrupt, new byte[] { 1 }, ended, InterruptGrace).ConfigureAwait(false)
            && !await EndsByAsync(InterpreterFrame.Kill, default, ended, KillGrace).ConfigureAwait(false))
        {
            await host.KillAsync().ConfigureAwait(false);
        }

        return await ended.ConfigureAwait(false);
    }

    /// <summary>Sends something that is to end the block, and tells whether it ends in time. A frame that is not read counts as one
    /// that does not help.</summary>
    private async Task<bool> EndsByAsync(InterpreterFrame type, ReadOnlyMemory<byte> payload, Task ended, TimeSpan longest)
    {
        _ = host.SendAsync(type, number, payload);
        await ended.WaitAsync(longest, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ended.IsCompleted;
    }

    private void TakeEnd(ContextEnd end, bool isOfBlock)
    {
        if (isOfBlock)
        {
            _running?.TrySetResult(end);
            return;
        }

        end = end with { Undone = Math.Min(end.Undone, Blocks) };
        Blocks = end.StateGone ? 0 : Blocks - end.Undone;
        _isGone |= end.StateGone;
        _idleEnd = end;
    }

    private void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
        if (_displays is { } displays)
        {
            displays.Write(stream, data);
        }
        else if (_pendingBytes + data.Length > MaxPending)
        {
            _pendingDropped += data.Length;
        }
        else if (!data.IsEmpty)
        {
            _pending.Add((stream, data.ToArray()));
            _pendingBytes += data.Length;
        }
    }

    private void Show(ReadOnlyMemory<byte> payload)
    {
        using JsonDocument shown = JsonDocument.Parse(payload);
        if (shown.RootElement.Member("data") is { ValueKind: JsonValueKind.Object } bundle)
        {
            _displays?.Show(
                bundle, shown.RootElement.Text("id"), isUpdate: shown.RootElement.Member("update") is { ValueKind: JsonValueKind.True });
        }
    }
}

/// <summary>In which way a block of a context ended.</summary>
internal enum ContextEndKind
{
    /// <summary>Its interpreter lives.</summary>
    Done,

    /// <summary>Its interpreter has ended, by itself or by us.</summary>
    InterpreterEnded,

    /// <summary>The supervisor has ended, and all contexts with it.</summary>
    Lost,
}

/// <summary>How a block of a context ended.</summary>
internal sealed record ContextEnd(ContextEndKind Kind, int Code)
{
    /// <summary>How many words of the guest's are believed to be words.</summary>
    private const int MaxWords = 8;

    private const int MaxWordLength = 40;

    /// <summary>Whether we ended it.</summary>
    public bool WasStopped { get; init; }

    /// <summary>Whether all that it started could be ended, where that was tried.</summary>
    public bool IsClean { get; init; } = true;

    /// <summary>How many blocks, this one included, are undone.</summary>
    public int Undone { get; init; }

    /// <summary>Whether nothing is left of what earlier blocks defined.</summary>
    public bool StateGone { get; init; }

    /// <summary>What a checkpoint would not bring back.</summary>
    public IReadOnlyList<string> NotInCheckpoint { get; init; } = [];

    public static ContextEnd Of(DoneNews news) => new(ContextEndKind.Done, news.Code & 0xff)
    {
        NotInCheckpoint =
        [
            .. (news.Lost ?? []).Where(w => w is not null).Take(MaxWords)
                .Select(w => WorkspacePath.Printable(w.Length > MaxWordLength ? w[..MaxWordLength] : w)),
            .. news.Uncovered switch { <= 0 => Array.Empty<string>(), 1 => ["this block"], var n => [$"the last {n} blocks"] },
        ],
    };

    public static ContextEnd Of(EndedNews news) => new(ContextEndKind.InterpreterEnded, news.Code & 0xff)
    {
        IsClean = news.Clean,
        Undone = Math.Max(0, news.Undone),
        StateGone = !string.IsNullOrEmpty(news.Lost),
    };
}
