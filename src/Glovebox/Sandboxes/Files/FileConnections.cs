namespace Glovebox.Sandboxes.Files;

/// <summary>Connections to the file service of a sandbox, which is started when there is none. It is started again when guest code has
/// ended it, or taken its place.</summary>
internal sealed class FileConnections(ISandbox sandbox, SandboxUnavailableException? unavailable) : IAsyncDisposable
{
    /// <summary>How many operations there are at once. The service takes some more, for those that are still ending there.</summary>
    private const int MostOperations = 128;

    private readonly SemaphoreSlim _starting = new(1, 1);
    private FileService? _service;
    private bool _isDisposed;
    private int _operations;

    /// <summary>Whether an error says that the other side has gone, or is not what we started any more.</summary>
    public static bool IsBroken(Exception e) => e is IOException or InvalidDataException;

    /// <summary>Begins an operation: the answer is next.</summary>
    /// <exception cref="CodeExecutionException">It cannot begin.</exception>
    public async Task<FileChannel> BeginAsync(FilePath file, FileOrder order, CancellationToken cancellationToken)
    {
        if (unavailable is not null)
        {
            throw new SandboxUnavailableException(unavailable.Code, unavailable.Message, unavailable.Hint);
        }

        if (Interlocked.Increment(ref _operations) > MostOperations)
        {
            Interlocked.Decrement(ref _operations);
            throw FileErrors.TooMany(file.Text, MostOperations);
        }

        FileChannel? channel = null;
        try
        {
            channel = await ConnectAsync(file, cancellationToken).ConfigureAwait(false);
            await channel.SendAsync(order, cancellationToken).ConfigureAwait(false);
            channel.Closed = () => Interlocked.Decrement(ref _operations);
            return channel;
        }
        catch (Exception e)
        {
            Interlocked.Decrement(ref _operations);
            if (channel is null)
            {
                throw;
            }

            await channel.DisposeAsync().ConfigureAwait(false);
            if (IsBroken(e))
            {
                throw await FailedAsync(channel, file, e).ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>Says what a broken connection means. What answers nonsense is ended.</summary>
    public async Task<CodeExecutionException> FailedAsync(FileChannel channel, FilePath file, Exception cause)
    {
        if (sandbox.Ended.IsCompleted)
        {
            return new SandboxLostException("The sandbox has ended.", innerException: cause);
        }

        if (cause is not InvalidDataException)
        {
            return FileErrors.Ended(file.Text, cause);
        }

        await RetireAsync(channel.Service).ConfigureAwait(false);
        return FileErrors.Nonsense(file.Text, cause);
    }

    public async ValueTask DisposeAsync()
    {
        await _starting.WaitAsync().ConfigureAwait(false);
        _isDisposed = true;
        FileService? service = _service;
        _service = null;
        _starting.Release();
        if (service is not null)
        {
            await service.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<FileChannel> ConnectAsync(FilePath file, CancellationToken cancellationToken)
    {
        FileService service = await GetAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await service.ConnectAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsBroken(e) && !sandbox.Ended.IsCompleted)
        {
            // Guest code has ended it, or stopped it, or taken its socket away. Nothing was asked yet.
            await RetireAsync(service).ConfigureAwait(false);
        }

        service = await GetAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await service.ConnectAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsBroken(e) && !sandbox.Ended.IsCompleted)
        {
            throw e is InvalidDataException ? FileErrors.Nonsense(file.Text, e) : FileErrors.Ended(file.Text, e);
        }
        catch (IOException e)
        {
            throw new SandboxLostException("The sandbox has ended.", innerException: e);
        }
    }

    private async Task<FileService> GetAsync(CancellationToken cancellationToken)
    {
        await _starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_isDisposed || sandbox.Ended.IsCompleted)
            {
                throw new SandboxLostException("The sandbox has ended.");
            }

            if (_service is { IsRunning: false } ended)
            {
                _service = null;
                await ended.DisposeAsync().ConfigureAwait(false);
            }

            return _service ??= await FileService.StartAsync(sandbox, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _starting.Release();
        }
    }

    private async Task RetireAsync(FileService service)
    {
        await _starting.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_service == service)
            {
                _service = null;
                await service.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _starting.Release();
        }
    }
}
