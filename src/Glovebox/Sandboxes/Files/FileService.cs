using Glovebox.Sandboxes.Services;

namespace Glovebox.Sandboxes.Files;

/// <summary>The program in a sandbox that reaches its files for the host. It has the guest's rights: what it says is hostile.</summary>
internal sealed class FileService : IAsyncDisposable
{
    /// <summary>How long a program that runs may take to greet. One that guest code has stopped never does.</summary>
    private static readonly TimeSpan LongestGreeting = TimeSpan.FromSeconds(10);

    /// <summary>What the service speaks.</summary>
    private const int Version = 1;

    private static readonly GuestProgram Program =
        new("Glovebox.Sandboxes.Files", ["wire", "entries", "contents", "trees", "watches", "service"]);

    private readonly ISandbox _sandbox;
    private readonly ISandboxProcess _process;
    private readonly ServiceSocket _socket;

    private FileService(ISandbox sandbox, ISandboxProcess process, ServiceSocket socket) =>
        (_sandbox, _process, _socket) = (sandbox, process, socket);

    /// <summary>Whether it has not ended.</summary>
    public bool IsRunning => !_process.Ended.IsCompleted;

    /// <summary>Starts it.</summary>
    /// <exception cref="CodeExecutionException">It cannot be started.</exception>
    public static async Task<FileService> StartAsync(ISandbox sandbox, CancellationToken cancellationToken)
    {
        ServiceSocket socket = new(sandbox, "files", $"/tmp/.glovebox-files-{Guid.NewGuid().ToString("n")[..16]}/s");
        Sink sink = new();
        ISandboxProcess? process = null;
        try
        {
            // Isolated from what guest code put on Python's path. A service's end would end blocks; that of a process in the background
            // ends itself alone, and that of blocks leaves it alive, too.
            process = await sandbox.StartProcessAsync(
                new ProcessRequest(CodeLanguage.Python.Programs, ["-I", "-S", "-c", GuestProgram.Bootstrap, socket.Path])
                {
                    IsBackground = true,
                    IsHidden = true,
                    Output = sink,
                    OutputBacklog = 0,
                    StandardInput = Program.Source,
                },
                cancellationToken).ConfigureAwait(false);
            await ServiceStart.WaitAsync(
                sink.IsReady,
                process,
                TimeProvider.System,
                "What reaches the files",
                "file-service",
                NeedsPython(sandbox.Kind),
                sink.Errors,
                cancellationToken).ConfigureAwait(false);
            return new FileService(sandbox, process, socket);
        }
        catch
        {
            process?.Kill();
            await socket.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes a connection for one operation.</summary>
    /// <exception cref="IOException">Nothing answers.</exception>
    /// <exception cref="InvalidDataException">Something else answers.</exception>
    public async Task<FileChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LongestGreeting);
        FileChannel? channel = null;
        try
        {
            channel = new(await _sandbox.ConnectAsync(_socket.EndPoint, limit.Token).ConfigureAwait(false), this);
            return (await channel.ReceiveAsync(limit.Token).ConfigureAwait(false)).Files == Version
                ? channel
                : throw new InvalidDataException("it does not greet");
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            await CloseAsync(channel).ConfigureAwait(false);
            throw new IOException("It does not greet in time.", e);
        }
        catch
        {
            await CloseAsync(channel).ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await ((Task)_process.Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _socket.DisposeAsync().ConfigureAwait(false);
    }

    private static ValueTask CloseAsync(FileChannel? channel) => channel?.DisposeAsync() ?? default;

    private static SandboxUnavailableException NeedsPython(string kind) => new(
        "files-need-python",
        $"Files outside of the work directory need Python 3.8 or newer, and the {kind} sandbox has none.",
        "Install Python there, or name an image that has it.");

    /// <summary>Hears that it is ready, and keeps the end of what it prints.</summary>
    private sealed class Sink : IOutputSink
    {
        private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public BoundedText Errors { get; } = new(OutputStream.StandardError);

        public Task IsReady => _ready.Task;

        public void Write(OutputStream stream, ReadOnlySpan<byte> data)
        {
            Errors.Write(stream, data);
            if (stream == OutputStream.StandardOutput)
            {
                _ready.TrySetResult();
            }
        }
    }
}
