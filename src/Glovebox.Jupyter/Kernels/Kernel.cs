using System.Net.WebSockets;
using System.Text.Json;
using Glovebox.Jupyter.Client;

namespace Glovebox.Jupyter.Kernels;

/// <summary>A kernel on a server, replaced when it has died. For one execution at a time.</summary>
internal sealed class Kernel : IAsyncDisposable
{
    /// <summary>
    /// How long a kernel may take to start before another is started in its place: the server asks each kernel once who it is, and a kernel
    /// whose answer gets lost is never ready.
    /// </summary>
    private static readonly TimeSpan FirstStart = TimeSpan.FromSeconds(20);

    /// <summary>How long a kernel may take to start, or to be connected to again.</summary>
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    /// <summary>How long a kernel may take to obey an interrupt before it is ended.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How long a first answer of a started kernel is waited for before it is asked again; twice as long each time.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromMilliseconds(500);

    private readonly JupyterClient _client;
    private readonly KernelStart _start;
    private readonly string? _initialization;
    private readonly string _session = Guid.NewGuid().ToString("n");
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();

    private string? _id;
    private KernelConnection? _connection;
    private Cell? _cell;
    private volatile bool _isDead;

    /// <summary>Makes a kernel; nothing is started yet.</summary>
    /// <param name="client">The server.</param>
    /// <param name="start">Which kernel, and where.</param>
    /// <param name="initialization">Code that runs in each new kernel first; null for none.</param>
    /// <param name="time">The clock.</param>
    public Kernel(JupyterClient client, KernelStart start, string? initialization, TimeProvider time)
    {
        _client = client;
        _start = start;
        _initialization = initialization;
        _time = time;
    }

    /// <summary>Whether the connection to the server stands.</summary>
    public bool IsConnected => _connection is { IsOpen: true };

    /// <summary>Makes sure that there is a kernel that answers.</summary>
    /// <returns>Whether a new one had to be started.</returns>
    /// <exception cref="CodeExecutionException">No kernel can be started.</exception>
    public async Task<bool> EnsureReadyAsync(CancellationToken cancellationToken)
    {
        if (_id is not null && !_isDead && IsConnected)
        {
            return false;
        }

        using CancellationTokenSource longest = new(LongestStart, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(longest.Token, cancellationToken);
        try
        {
            // A connection may be lost without the kernel, and then its state is not.
            bool isNew = _id is null || _isDead || !await _client.HasKernelAsync(_id, either.Token).ConfigureAwait(false);
            if (!isNew)
            {
                await ConnectAsync(either.Token).ConfigureAwait(false);
            }
            else if (!await TryStartAsync(either.Token).ConfigureAwait(false))
            {
                longest.CancelAfter(LongestStart);
                await StartAsync(either.Token).ConfigureAwait(false);
            }

            return isNew;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw JupyterErrors.KernelFailed(_client.Where, _start.Name, $"it was not ready after {LongestStart.TotalSeconds:0} s", e);
        }
    }

    /// <summary>Begins to run code. The kernel must be ready, and run nothing else.</summary>
    public Cell Execute(string code, ICellOutput output) => Execute(code, output, isQuiet: false);

    /// <summary>Ends a cell that runs: interrupts it, and ends the kernel if it does not obey.</summary>
    /// <returns>Whether the kernel, and with it its state, lives.</returns>
    public async Task<bool> StopAsync(Cell cell)
    {
        try
        {
            using CancellationTokenSource longest = new(Grace, _time);
            await _client.InterruptAsync(_id!, longest.Token).ConfigureAwait(false);
            await cell.Ended.WaitAsync(longest.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or CodeExecutionException)
        {
            // It does not obey, or the server is gone.
        }

        if (cell.Ended.IsCompletedSuccessfully && (await cell.Ended.ConfigureAwait(false)).Kind is CellEndKind.Succeeded or CellEndKind.Failed)
        {
            return true;
        }

        _isDead = true;
        await DropAsync().ConfigureAwait(false);
        return false;
    }

    /// <summary>The kernel ends by itself, as its code asked it to.</summary>
    public void Leave() => _isDead = true;

    /// <summary>Ends the kernel.</summary>
    public async ValueTask DisposeAsync() => await DropAsync().ConfigureAwait(false);

    /// <summary>Forgets the kernel: it has ended with its server.</summary>
    public async Task AbandonAsync()
    {
        _id = null;
        await DisconnectAsync().ConfigureAwait(false);
    }

    /// <summary>Starts a kernel.</summary>
    /// <returns>Whether it was ready in time.</returns>
    private async Task<bool> TryStartAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource first = new(FirstStart, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(first.Token, cancellationToken);
        try
        {
            await StartAsync(either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        await DropAsync().ConfigureAwait(false);
        _id = await _client.StartKernelAsync(_start, cancellationToken).ConfigureAwait(false);
        _isDead = false;
        try
        {
            await ConnectAsync(cancellationToken).ConfigureAwait(false);
            if (_initialization is { } code)
            {
                await RunQuietlyAsync(code, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            // A later call must not take a kernel that is half started for a ready one.
            _isDead = true;
            throw;
        }
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await DisconnectAsync().ConfigureAwait(false);
        WebSocket socket = await _client.ConnectAsync(_id!, _session, cancellationToken).ConfigureAwait(false);
        KernelConnection connection = _client.Attach(socket, _session, Handle, size => Current()?.Drop(size));
        _connection = connection;
        _ = WatchAsync(connection);

        // The kernel answers by now, but what it publishes may not reach us yet: ask until both arrive.
        TimeSpan patience = FirstPatience;
        while (true)
        {
            Cell probe = Begin(NoOutput.Instance);
            _ = SendAsync(probe, "kernel_info_request", "{}"u8.ToArray());
            try
            {
                CellEnd end = await probe.Ended.WaitAsync(patience, _time, cancellationToken).ConfigureAwait(false);
                ThrowUnlessAlive(end);
                return;
            }
            catch (TimeoutException)
            {
                patience *= 2;
            }
        }
    }

    private Cell Execute(string code, ICellOutput output, bool isQuiet)
    {
        Cell cell = Begin(output);
        ExecuteRequest request = new(code, Silent: isQuiet, StoreHistory: !isQuiet, [], AllowStdin: false);
        _ = SendAsync(cell, "execute_request", JsonSerializer.SerializeToUtf8Bytes(request, JupyterJson.Default.ExecuteRequest));
        return cell;
    }

    private async Task RunQuietlyAsync(string code, CancellationToken cancellationToken)
    {
        Cell cell = Execute(code, NoOutput.Instance, isQuiet: true);
        CellEnd end = await cell.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        ThrowUnlessAlive(end);
        if (end.Kind == CellEndKind.Failed)
        {
            throw JupyterErrors.KernelFailed(
                _client.Where,
                _start.Name,
                $"its first code failed: {WorkspacePath.Printable(end.ErrorName)}: {WorkspacePath.Printable(end.ErrorValue)}");
        }
    }

    private void ThrowUnlessAlive(CellEnd end)
    {
        switch (end.Kind)
        {
            case CellEndKind.ConnectionLost:
                throw JupyterErrors.ServerLost(_client.Where);
            case CellEndKind.KernelDied:
                throw JupyterErrors.KernelFailed(_client.Where, _start.Name, "it died at once");
        }
    }

    private Cell Begin(ICellOutput output)
    {
        Cell cell = new(Guid.NewGuid().ToString("n"), output);
        lock (_lock)
        {
            _cell = cell;
        }

        return cell;
    }

    private Cell? Current()
    {
        lock (_lock)
        {
            return _cell;
        }
    }

    private async Task SendAsync(Cell cell, string type, byte[] content)
    {
        try
        {
            await _connection!.SendAsync("shell", type, cell.MessageId, content, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException)
        {
            cell.End(new CellEnd(CellEndKind.ConnectionLost));
        }
    }

    private async Task WatchAsync(KernelConnection connection)
    {
        // However it ended: a cell that nobody ends would wait until its time runs out.
        await connection.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ReferenceEquals(_connection, connection))
        {
            Current()?.End(new CellEnd(CellEndKind.ConnectionLost));
        }
    }

    private void Handle(KernelMessage message)
    {
        Cell? cell = Current();
        if (cell is not null && message.ParentId == cell.MessageId)
        {
            cell.Handle(message);
        }
        else if (message.Type == "status" && IsDeath(message.Content))
        {
            _isDead = true;
            cell?.End(new CellEnd(CellEndKind.KernelDied));
        }
    }

    /// <summary>Whether the server says that the kernel has died. Some servers restart it by themselves; the state is gone all the
    /// same.</summary>
    private static bool IsDeath(ReadOnlyMemory<byte> content)
    {
        using JsonDocument document = JsonDocument.Parse(content, KernelMessage.Parsing);
        return document.RootElement.Text("execution_state") is "restarting" or "autorestarting" or "dead";
    }

    private async Task DropAsync()
    {
        await DisconnectAsync().ConfigureAwait(false);
        if (_id is { } id)
        {
            _id = null;
            try
            {
                await _client.DeleteKernelAsync(id, CancellationToken.None).ConfigureAwait(false);
            }
            catch (CodeExecutionException)
            {
                // The server has gone, and the kernel with it, or it forgets the kernel later.
            }
        }
    }

    private async Task DisconnectAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private sealed class NoOutput : ICellOutput
    {
        public static NoOutput Instance { get; } = new();

        public void Write(OutputStream stream, ReadOnlySpan<byte> text)
        {
        }

        public void Show(JsonElement bundle, string? displayId, bool isUpdate)
        {
        }

        public void WriteError(string traceback)
        {
        }

        public void Clear(bool waits)
        {
        }

        public void Drop(long bytes)
        {
        }
    }
}
