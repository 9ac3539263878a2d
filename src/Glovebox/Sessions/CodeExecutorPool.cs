using Glovebox.Middleware;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Sessions;

/// <summary>Starts executors ahead of need, so that a caller gets one at once.</summary>
/// <remarks>
/// <para>An executor is handed out once, belongs to who took it, and is disposed by them: none is ever used again for another. Others are
/// started in the background in its place, a moment later where nobody waits: what the taker does first should not have to share the
/// machine with a start.</para>
/// <para>Nothing is started before the first call. A start in the background that fails is logged, and tried again with the next call;
/// where a caller waits for an executor, the caller gets the failure.</para>
/// <para>All members may be called from any thread. Disposal ends the executors that were not taken, and only those.</para>
/// </remarks>
public sealed partial class CodeExecutorPool : IAsyncDisposable
{
    /// <summary>A block takes some 10 ms, a start some hundreds.</summary>
    private static readonly TimeSpan RefillDelay = TimeSpan.FromMilliseconds(50);

    private readonly Func<ICodeExecutor> _executorFactory;
    private readonly int _size;
    private readonly int _maxExecutors;
    private readonly int _maxConcurrentStarts;
    private readonly ILogger _logger;
    private readonly ITimer _refill;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly Queue<ICodeExecutor> _ready = new();
    private readonly LinkedList<TaskCompletionSource<ICodeExecutor>> _waiting = new();
    private readonly HashSet<Task> _starts = [];
    private TaskCompletionSource? _filled;
    private int _taken;
    private bool _isRefillDue;
    private bool _disposed;

    /// <summary>Makes a pool; nothing is started yet.</summary>
    /// <param name="executorFactory">Makes an executor, not started, with a work directory of its own; called on any thread. The pool
    /// starts it.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="loggerFactory">Null: no log.</param>
    /// <param name="timeProvider">Measures the moment between a take and the start of the next. Null: the system's clock.</param>
    public CodeExecutorPool(
        Func<ICodeExecutor> executorFactory, CodeExecutorPoolOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(executorFactory);
        options ??= new();
        _executorFactory = executorFactory;
        _maxExecutors = options.MaxExecutors ?? int.MaxValue;
        _size = Math.Min(options.Size, _maxExecutors);
        _maxConcurrentStarts = options.MaxConcurrentStarts;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<CodeExecutorPool>();
        _refill = (timeProvider ?? TimeProvider.System).CreateTimer(
            _ => Refill(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many executors wait to be taken.</summary>
    public int ReadyCount
    {
        get
        {
            lock (_lock)
            {
                return _ready.Count;
            }
        }
    }

    /// <summary>Waits until the pool is full.</summary>
    /// <param name="cancellationToken">Gives up waiting; the starts go on.</param>
    /// <exception cref="CodeExecutionException">An executor cannot be started.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public async Task FillAsync(CancellationToken cancellationToken = default)
    {
        Task filled;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (IsFull)
            {
                return;
            }

            _filled ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            filled = _filled.Task;
            StartMore();
        }

        await filled.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a started executor: one that waits, else the first that is started.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>An executor that is the caller's, who disposes it.</returns>
    /// <exception cref="CodeExecutionException">None waits, and none can be started.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public async Task<ICodeExecutor> TakeAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TaskCompletionSource<ICodeExecutor> wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<TaskCompletionSource<ICodeExecutor>> place = new(wanted);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_ready.TryDequeue(out ICodeExecutor? ready))
            {
                if (!_isRefillDue)
                {
                    _isRefillDue = true;
                    _refill.Change(RefillDelay, Timeout.InfiniteTimeSpan);
                }

                return HandOut(ready);
            }

            _waiting.AddLast(place);
            StartMore();
        }

        CancellationTokenRegistration giveUp = cancellationToken.UnsafeRegister(
            (_, token) =>
            {
                lock (_lock)
                {
                    // One that has been served already keeps what it got.
                    if (place.List is not null)
                    {
                        _waiting.Remove(place);
                        wanted.TrySetCanceled(token);
                    }
                }
            },
            null);
        await using (giveUp.ConfigureAwait(false))
        {
            return await wanted.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Ends the executors that were not taken. A caller that waits for one gets an
    /// <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] starts;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            starts = [.. _starts];
            foreach (TaskCompletionSource<ICodeExecutor> wanted in _waiting)
            {
                wanted.TrySetException(new ObjectDisposedException(nameof(CodeExecutorPool)));
            }

            _waiting.Clear();
            FailFilling(new ObjectDisposedException(nameof(CodeExecutorPool)));
        }

        await _refill.DisposeAsync().ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(starts).ConfigureAwait(false);
        await Task.WhenAll(_ready.Select(e => e.DisposeAsync().AsTask())).ConfigureAwait(false);
        _ready.Clear();
        _stopping.Dispose();
    }

    private void Refill()
    {
        lock (_lock)
        {
            _isRefillDue = false;
            StartMore();
        }
    }

    private bool IsFull => _ready.Count >= Math.Min(_size, _maxExecutors - _taken);

    /// <summary>Whether no caller waits for a start, and the last caller has had a moment alone with its executor.</summary>
    private bool CanWait => _isRefillDue && _waiting.Count == 0 && _filled is null;

    /// <summary>Begins as many starts as there is need and room for. Called with the lock.</summary>
    private void StartMore()
    {
        while (!_disposed
            && !CanWait
            && _starts.Count < _maxConcurrentStarts
            && _ready.Count + _starts.Count < _size + _waiting.Count
            && _ready.Count + _starts.Count + _taken < _maxExecutors)
        {
            // The task cannot end before the lock is given back, for its end wants it.
            Task? start = null;
            start = Task.Run(() => StartOneAsync(() => _starts.Remove(start!)));
            _starts.Add(start);
        }
    }

    private async Task StartOneAsync(Action ended)
    {
        ICodeExecutor? executor = null;
        Exception? failure = null;
        try
        {
            executor = _executorFactory();
            await executor.StartAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failure = e;
        }

        bool isTakenOver;
        lock (_lock)
        {
            ended();
            isTakenOver = failure is null && !_disposed;
            if (isTakenOver)
            {
                Offer(executor!);
            }
            else if (failure is not null && !_disposed)
            {
                Fail(failure);
            }
        }

        if (!isTakenOver && executor is not null)
        {
            await executor.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Gives a started executor to who has waited longest, or puts it by.</summary>
    private void Offer(ICodeExecutor executor)
    {
        if (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            first.Value.TrySetResult(HandOut(executor));
        }
        else
        {
            _ready.Enqueue(executor);
        }

        if (IsFull)
        {
            _filled?.TrySetResult();
            _filled = null;
        }

        StartMore();
    }

    /// <summary>A failed start. Callers that wait get the failure; without any, no further start begins, because it would most likely fail,
    /// too.</summary>
    private void Fail(Exception failure)
    {
        LogFailed(_logger, failure);
        FailFilling(failure);
        if (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            first.Value.TrySetException(failure);
        }

        if (_waiting.Count > 0)
        {
            StartMore();
        }
    }

    private void FailFilling(Exception failure)
    {
        _filled?.TrySetException(failure);
        _ = _filled?.Task.Exception;
        _filled = null;
    }

    private Taken HandOut(ICodeExecutor executor)
    {
        _taken++;
        return new Taken(executor, this);
    }

    private void Returned()
    {
        lock (_lock)
        {
            _taken--;
            StartMore();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "An executor of the pool could not be started.")]
    private static partial void LogFailed(ILogger logger, Exception exception);

    /// <summary>An executor that was taken; its disposal makes room for another.</summary>
    private sealed class Taken(ICodeExecutor executor, CodeExecutorPool pool) : DelegatingCodeExecutor(executor)
    {
        protected override async ValueTask DisposeAsyncCore()
        {
            try
            {
                await base.DisposeAsyncCore().ConfigureAwait(false);
            }
            finally
            {
                pool.Returned();
            }
        }
    }
}
