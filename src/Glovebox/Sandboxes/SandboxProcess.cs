namespace Glovebox.Sandboxes;

/// <summary>A process that is run by one asynchronous method, which a token tells to end it.</summary>
internal sealed class SandboxProcess : ISandboxProcess, IDisposable
{
    private readonly CancellationTokenSource _kill = new();
    private readonly ProcessRequest _request;
    private readonly OutputHub _output;
    private readonly IProcessControls _controls;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private bool _isInputClosed;
    private volatile bool _isOver;

    private SandboxProcess(ProcessTable table, ProcessRequest request, OutputHub output, IProcessControls controls)
    {
        _request = request;
        _output = output;
        _controls = controls;
        Id = table.NextId();
        Ended = null!;
    }

    public int Id { get; }

    public string Program => _request.Programs[0];

    public bool HasTerminal => _request.Terminal is not null;

    public DateTimeOffset StartedAt { get; } = TimeProvider.System.GetUtcNow();

    public Task<ProcessExit> Ended { get; private set; }

    /// <summary>Starts a process.</summary>
    /// <param name="table">Lists it while it runs.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="output">Takes what it prints.</param>
    /// <param name="controls">Talks to it.</param>
    /// <param name="run">Runs it until it has ended; its token ends it.</param>
    public static SandboxProcess Start(
        ProcessTable table,
        ProcessRequest request,
        OutputHub output,
        IProcessControls controls,
        Func<CancellationToken, Task<ProcessExit>> run)
    {
        SandboxProcess process = new(table, request, output, controls);
        process.Ended = process.RunAsync(table, run);
        if (!request.IsHidden)
        {
            table.Add(process);
        }

        if (process._isOver)
        {
            table.Remove(process);
        }

        return process;
    }

    public void Kill()
    {
        try
        {
            _kill.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended.
        }
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken = default)
    {
        ThrowIfNoInput();
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_isInputClosed)
            {
                throw new InvalidOperationException("The standard input of the process was closed.");
            }

            await _controls.WriteAsync(data, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("The process has ended.", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    public async Task CloseInputAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfNoInput();
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isInputClosed)
            {
                _isInputClosed = true;
                await _controls.CloseInputAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It reads no more, which is as good.
        }
        finally
        {
            _writing.Release();
        }
    }

    public Task<bool> SignalAsync(ProcessSignal signal, CancellationToken cancellationToken = default)
    {
        const int Last = 64;
        if ((int)signal is < 1 or > Last)
        {
            throw new ArgumentOutOfRangeException(nameof(signal), signal, $"A signal has a number from 1 to {Last}.");
        }

        return Ended.IsCompleted ? Task.FromResult(false) : _controls.SignalAsync((int)signal, cancellationToken);
    }

    public Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(size);
        if (!HasTerminal)
        {
            throw new InvalidOperationException(
                $"The process has no terminal: {nameof(ProcessRequest)}.{nameof(ProcessRequest.Terminal)}.");
        }

        return Ended.IsCompleted ? Task.CompletedTask : _controls.ResizeAsync(size, cancellationToken);
    }

    public IAsyncEnumerable<ProcessOutput> ReadOutputAsync(CancellationToken cancellationToken = default) =>
        _output.ReadAsync(cancellationToken);

    public void Dispose()
    {
        _kill.Dispose();
        _writing.Dispose();
    }

    private void ThrowIfNoInput()
    {
        if (!_request.HasOpenInput)
        {
            throw new InvalidOperationException(
                $"The standard input of the process is not open: {nameof(ProcessRequest)}.{nameof(ProcessRequest.KeepsInputOpen)}.");
        }
    }

    private async Task<ProcessExit> RunAsync(ProcessTable table, Func<CancellationToken, Task<ProcessExit>> run)
    {
        try
        {
            return await run(_kill.Token).ConfigureAwait(false);
        }
        finally
        {
            _isOver = true;
            table.Remove(this);
            _output.Complete();
            _kill.Dispose();
        }
    }
}

/// <summary>Talks to a process that was started with what that takes. One write or close at a time.</summary>
internal interface IProcessControls
{
    /// <summary>Writes to its standard input, as fast as it takes that.</summary>
    /// <exception cref="IOException">It reads no more, or has ended.</exception>
    /// <exception cref="ObjectDisposedException">It has ended.</exception>
    Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Ends its standard input, or types the end of a file at its terminal.</summary>
    Task CloseInputAsync();

    /// <summary>Sends it a signal. False: it has ended.</summary>
    Task<bool> SignalAsync(int signal, CancellationToken cancellationToken);

    /// <summary>Gives its terminal a size.</summary>
    Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken);
}
