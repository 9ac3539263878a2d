using System.Text.Json;
using Glovebox.Jupyter.Client;
using Glovebox.Execution.Displays;

namespace Glovebox.Jupyter.Kernels;

/// <summary>A kernel on a server, replaced when it has died. The initialization is code that runs in each new one first. For one execution
/// at a time. Nothing is started before <see cref="EnsureReadyAsync"/>.</summary>
internal sealed class Kernel(JupyterClient client, KernelStart start, string? initialization, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long a kernel may take to start, or to be connected to again, before it is tried once more: the server asks each kernel
    /// once who it is, and a kernel whose answer gets lost is never ready.</summary>
    private static readonly TimeSpan FirstStart = TimeSpan.FromSeconds(20);

    /// <summary>How long the second try may take.</summary>
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    /// <summary>How long a kernel may take to obey an interrupt before it is ended.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How long a first answer of a started kernel is waited for before it is asked again; twice as long each time.</summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromMilliseconds(500);

    private readonly string _session = Guid.NewGuid().ToString("n");

    private string? _id;
    private KernelConnection? _connection;
    private volatile Cell? _cell;
    private volatile bool _isDead;

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

        return await TryEnsureReadyAsync(FirstStart, cancellationToken).ConfigureAwait(false)
            ?? await TryEnsureReadyAsync(LongestStart, cancellationToken).ConfigureAwait(false)
            ?? throw JupyterErrors.KernelFailed(client.Where, start.Name, $"it was not ready after {LongestStart.TotalSeconds:0} s");
    }

    /// <summary>Begins to run code. The kernel must be ready, and run nothing else.</summary>
    /// <param name="code">The code.</param>
    /// <param name="output">Takes what it prints and shows. Null: it is dropped, and the code does not count as a cell.</param>
    public Cell Execute(string code, BlockDisplays? output)
    {
        ExecuteRequest request = new(code, Silent: output is null, StoreHistory: output is not null, [], AllowStdin: false);
        return Send("execute_request", JsonSerializer.SerializeToUtf8Bytes(request, JupyterJson.Default.ExecuteRequest), output);
    }

    /// <summary>Ends a cell that runs: interrupts it, and ends the kernel if it does not obey.</summary>
    /// <returns>Whether the kernel, and with it its state, lives.</returns>
    public async Task<bool> StopAsync(Cell cell)
    {
        try
        {
            using CancellationTokenSource longest = new(Grace, time);
            await client.InterruptAsync(_id!, longest.Token).ConfigureAwait(false);
            await cell.Ended.WaitAsync(longest.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or CodeExecutionException)
        {
            // It does not obey, or the server is gone.
        }

        if (cell.Ended.IsCompleted && (await cell.Ended.ConfigureAwait(false)).Kind is CellEndKind.Succeeded or CellEndKind.Failed)
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
    public ValueTask DisposeAsync() => new(DropAsync());

    /// <summary>Forgets the kernel: it has ended with its server.</summary>
    public async Task AbandonAsync()
    {
        _id = null;
        await DisconnectAsync().ConfigureAwait(false);
    }

    /// <summary>Connects to the kernel again, or starts a new one when it is gone.</summary>
    /// <returns>Whether it is a new one; null when none was ready in time.</returns>
    private async Task<bool?> TryEnsureReadyAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource longest = new(limit, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(longest.Token, cancellationToken);
        try
        {
            // A connection may be lost without the kernel, and then its state is not.
            bool isNew = _id is null || _isDead || !await client.HasKernelAsync(_id, either.Token).ConfigureAwait(false);
            await (isNew ? StartAsync(either.Token) : ConnectAsync(either.Token)).ConfigureAwait(false);
            return isNew;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        await DropAsync().ConfigureAwait(false);
        _id = await client.StartKernelAsync(start, cancellationToken).ConfigureAwait(false);
        _isDead = false;
        try
        {
            await ConnectAsync(cancellationToken).ConfigureAwait(false);
            if (initialization is not null)
            {
                CellEnd end = await Execute(initialization, output: null).Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
                ThrowUnlessAlive(end);
                if (end.Kind == CellEndKind.Failed)
                {
                    string error = $"{WorkspacePath.Printable(end.ErrorName)}: {WorkspacePath.Printable(end.ErrorValue)}";
                    throw JupyterErrors.KernelFailed(client.Where, start.Name, $"its first code failed: {error}");
                }
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
        KernelConnection connection = await client.ConnectAsync(
            _id!, _session, Handle, size => _cell?.Drop(size), cancellationToken).ConfigureAwait(false);
        _connection = connection;
        _ = WatchAsync(connection);

        // The kernel answers by now, but what it publishes may not reach us yet: ask until both arrive.
        TimeSpan patience = FirstPatience;
        while (true)
        {
            Cell probe = Send("kernel_info_request", "{}"u8.ToArray(), output: null);
            try
            {
                ThrowUnlessAlive(await probe.Ended.WaitAsync(patience, time, cancellationToken).ConfigureAwait(false));
                return;
            }
            catch (TimeoutException)
            {
                patience *= 2;
            }
        }
    }

    private void ThrowUnlessAlive(CellEnd end)
    {
        switch (end.Kind)
        {
            case CellEndKind.ConnectionLost:
                throw JupyterErrors.ServerLost(client.Where);
            case CellEndKind.KernelDied:
                throw JupyterErrors.KernelFailed(client.Where, start.Name, "it died at once");
        }
    }

    /// <summary>Begins a cell by a request.</summary>
    private Cell Send(string type, byte[] content, BlockDisplays? output)
    {
        Cell cell = new(Guid.NewGuid().ToString("n"), output);
        _cell = cell;
        _ = SendAsync();
        return cell;

        async Task SendAsync()
        {
            try
            {
                await _connection!.SendAsync(type, cell.MessageId, content).ConfigureAwait(false);
            }
            catch (IOException)
            {
                cell.End(new CellEnd(CellEndKind.ConnectionLost));
            }
        }
    }

    private async Task WatchAsync(KernelConnection connection)
    {
        // However it ended: a cell that is not ended would wait until its time runs out.
        await connection.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ReferenceEquals(_connection, connection))
        {
            _cell?.End(new CellEnd(CellEndKind.ConnectionLost));
        }
    }

    private void Handle(KernelMessage message)
    {
        Cell? cell = _cell;
        if (cell is not null && message.ParentId == cell.MessageId)
        {
            cell.Handle(message);
        }
        else if (message.Type == "status" && message.Content.Text("execution_state") is "restarting" or "autorestarting" or "dead")
        {
            // The server says that the kernel has died. Some servers restart it by themselves; the state is gone all the same.
            _isDead = true;
            cell?.End(new CellEnd(CellEndKind.KernelDied));
        }
    }

    private async Task DropAsync()
    {
        await DisconnectAsync().ConfigureAwait(false);
        if (_id is { } id)
        {
            _id = null;
            try
            {
                await client.DeleteKernelAsync(id).ConfigureAwait(false);
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
}
