namespace Glovebox.Agents.Sessions;

/// <summary>One executor of a pool, and what is remembered with it. Its pool's lock guards all but the executor and the start.</summary>
internal sealed class CodeSession : IDisposable
{
    private readonly Func<ICodeExecutor> _executorFactory;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ICodeExecutor? _executor;
    private int _used;

    public CodeSession(Func<ICodeExecutor> executorFactory, string name)
    {
        _executorFactory = executorFactory;
        Names.Add(name);
    }

    /// <summary>The started executor.</summary>
    public ICodeExecutor Executor => _executor ?? throw new InvalidOperationException("The session's executor is not made yet.");

    /// <summary>Done when the executor is started, failed when it cannot be.</summary>
    public Task Started => _started.Task;

    /// <summary>The names by which the session is found, oldest first.</summary>
    public List<string> Names { get; } = [];

    public int Leases { get; set; }

    /// <summary>When it was last given back, as its pool's clock has it.</summary>
    public long LastUsed { get; set; }

    /// <summary>Runs while the session is not in use.</summary>
    public ITimer? IdleTimer { get; set; }

    /// <summary>What a user of the pool keeps with the session.</summary>
    public object? State { get; set; }

    /// <summary>Whether this is asked for the first time.</summary>
    public bool IsFirstUse() => Interlocked.Exchange(ref _used, 1) == 0;

    /// <summary>Makes and starts the executor. Never throws: <see cref="Started"/> tells.</summary>
    public async Task StartAsync()
    {
        try
        {
            _executor = _executorFactory() ?? throw new InvalidOperationException("The executor factory gave null instead of an executor.");
            await _executor.StartAsync(_ending.Token).ConfigureAwait(false);
            _started.SetResult();
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            _started.SetException(new ExecutorStoppedException());
        }
        catch (Exception e)
        {
            _started.SetException(e);
        }
    }

    /// <summary>Ends the executor, its start and the code that runs in it.</summary>
    public async ValueTask EndAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await Started.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_executor is not null)
        {
            await _executor.DisposeAsync().ConfigureAwait(false);
        }

        Dispose();
    }

    public void Dispose()
    {
        IdleTimer?.Dispose();
        _ending.Dispose();
    }
}
