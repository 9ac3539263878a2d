using System.Collections.Concurrent;
using System.Text.Json;
using Glovebox.Sandboxes.Services;

namespace Glovebox.Interpreters;

/// <summary>The supervisor of interpreters that runs in a sandbox, and the connection to it. It has the guest's rights: what it says is
/// hostile.</summary>
internal sealed class InterpreterHost : IAsyncDisposable
{
    /// <summary>The longest report that is read: thousands of processes, each with a long command. Displays are longer.</summary>
    private const int MaxReport = 4 << 20;

    private const int MaxProcesses = 10_000;
    private const int MaxCommand = 4 << 10;

    /// <summary>How much of what the supervisor says is passed on in an error.</summary>
    private const int MaxWords = 4 << 10;

    private readonly ISandboxProcess _process;
    private readonly InterpreterChannel _channel;
    private readonly ServiceSocket _socket;
    private readonly BoundedText _errors;
    private readonly ConcurrentDictionary<uint, LiveContext> _contexts = new();
    private readonly ConcurrentDictionary<uint, TaskCompletionSource<ReplyNews>> _requests = new();
    private readonly TaskCompletionSource<HelloNews> _hello = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private uint _lastContext;
    private uint _lastRequest;

    private InterpreterHost(ISandbox sandbox, ISandboxProcess process, InterpreterChannel channel, ServiceSocket socket, BoundedText errors)
    {
        (Sandbox, _process, _channel, _socket, _errors) = (sandbox, process, channel, socket, errors);
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>Where it runs.</summary>
    public ISandbox Sandbox { get; }

    /// <summary>Whether it answers.</summary>
    public bool IsRunning => !_reading.IsCompleted && !_process.Ended.IsCompleted;

    /// <summary>Starts the supervisor.</summary>
    /// <exception cref="CodeExecutionException">It cannot be started.</exception>
    public static async Task<InterpreterHost> StartAsync(
        ISandbox sandbox, SupervisorSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        ServiceSocket socket = new(sandbox, "contexts", $"/tmp/.glovebox-{Guid.NewGuid().ToString("n")[..16]}");
        BoundedText errors = new();
        InterpreterHost? host = null;
        ISandboxProcess? process = null;
        try
        {
            ISandboxListener listener = await sandbox.ListenAsync(socket.EndPoint, cancellationToken).ConfigureAwait(false);
            await using (listener.ConfigureAwait(false))
            {
                string said = JsonSerializer.Serialize(settings, InterpreterJson.Default.SupervisorSettings);
                string[] arguments = ["-c", GuestProgram.Bootstrap, socket.Path, said];
                process = await sandbox.StartProcessAsync(
                    new ProcessRequest(CodeLanguage.Python.Programs, arguments)
                    {
                        IsService = true,
                        Output = errors,
                        StandardInput = InterpreterProgram.Source,
                    },
                    cancellationToken).ConfigureAwait(false);
                Task<Stream> accepting = listener.AcceptAsync(cancellationToken);
                await Before(accepting, process, time, errors, sandbox.Kind, cancellationToken).ConfigureAwait(false);
                host = new InterpreterHost(
                    sandbox, process, new InterpreterChannel(await accepting.ConfigureAwait(false)), socket, errors);
            }

            await Before(host._hello.Task, process, time, errors, sandbox.Kind, cancellationToken).ConfigureAwait(false);
            HelloNews hello = await host._hello.Task.ConfigureAwait(false);
            return string.IsNullOrEmpty(hello.Failed)
                ? host
                : throw new SandboxUnavailableException(
                    "preload-failed",
                    $"Modules cannot be preloaded: {Words(hello.Failed)}",
                    "Install them there, or take them out of Preload.");
        }
        catch
        {
            process?.Kill();
            if (host is not null)
            {
                await host.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                await socket.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>Makes a context.</summary>
    /// <exception cref="CodeExecutionException">It cannot be made.</exception>
    public Task<LiveContext> CreateAsync(
        bool isShell, string? directory, IReadOnlyDictionary<string, string>? variables, TimeProvider time,
        CancellationToken cancellationToken)
    {
        LiveContext context = Add(time);
        Task<ReplyNews> making = AskAsync(
            InterpreterFrame.Create,
            context.Number,
            r => JsonSerializer.SerializeToUtf8Bytes(
                new CreateOrder(r, isShell, directory, variables), InterpreterJson.Default.CreateOrder),
            CancellationToken.None);
        return MadeAsync(context, making, "context-not-made", "The context cannot be made", cancellationToken);
    }

    /// <summary>Makes a context that goes on from another one's state.</summary>
    /// <exception cref="CodeExecutionException">It cannot be made.</exception>
    public Task<LiveContext> BranchAsync(LiveContext from, TimeProvider time, CancellationToken cancellationToken)
    {
        LiveContext context = Add(time);
        context.Blocks = from.Blocks;
        Task<ReplyNews> making = AskAsync(
            InterpreterFrame.Branch, from.Number, r => Bytes(new(r) { Number = context.Number }), CancellationToken.None);
        return MadeAsync(context, making, "branch-failed", "The context cannot be branched", cancellationToken);
    }

    /// <summary>Takes back the last blocks of a context.</summary>
    /// <exception cref="CodeExecutionException">They cannot be.</exception>
    public async Task RollBackAsync(LiveContext context, int blocks, CancellationToken cancellationToken)
    {
        string error = (await AskAsync(InterpreterFrame.RollBack, context.Number, r => Bytes(new(r) { Blocks = blocks }), cancellationToken)
            .ConfigureAwait(false)).Error ?? "";
        if (error.Length > 0)
        {
            throw Failed("roll-back-failed", $"The last {(blocks == 1 ? "block" : $"{blocks} blocks")} cannot be undone", error);
        }

        context.Blocks -= blocks;
    }

    /// <summary>Ends a context with all that it has started.</summary>
    public async Task CloseAsync(LiveContext context, CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(InterpreterFrame.Close, context.Number, r => Bytes(new(r)), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _contexts.TryRemove(context.Number, out _);
        }
    }

    /// <summary>Lists what a context has started and what still runs.</summary>
    public async Task<IReadOnlyList<ProcessNews>> ProcessesAsync(LiveContext context, CancellationToken cancellationToken)
    {
        ReplyNews reply = await AskAsync(InterpreterFrame.Processes, context.Number, r => Bytes(new(r)), cancellationToken)
            .ConfigureAwait(false);
        return
        [
            .. (reply.Processes ?? []).Where(p => p is not null).Take(MaxProcesses)
                .Select(p => p.Command is { Length: > MaxCommand } command ? p with { Command = command[..MaxCommand] } : p),
        ];
    }

    /// <summary>Sends a frame. When the supervisor has gone, what runs in it has ended, and whoever waits is told.</summary>
    public async Task SendAsync(InterpreterFrame type, uint context, ReadOnlyMemory<byte> payload)
    {
        try
        {
            await _channel.SendAsync(type, context, payload, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException)
        {
            await KillAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the supervisor with all contexts.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await ((Task)_process.Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _channel.DisposeAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync().ConfigureAwait(false);
        await _socket.DisposeAsync().ConfigureAwait(false);
    }

    private LiveContext Add(TimeProvider time)
    {
        LiveContext context = new(this, Interlocked.Increment(ref _lastContext), time);
        _contexts[context.Number] = context;
        return context;
    }

    private async Task<LiveContext> MadeAsync(
        LiveContext context, Task<ReplyNews> making, string code, string what, CancellationToken cancellationToken)
    {
        try
        {
            string error = (await making.WaitAsync(cancellationToken).ConfigureAwait(false)).Error ?? "";
            return error.Length == 0 ? context : throw Failed(code, what, error);
        }
        catch
        {
            _contexts.TryRemove(context.Number, out _);
            _ = CloseWhenMadeAsync(context, making);
            throw;
        }
    }

    /// <summary>Ends a context that nobody waits for any more, should it be made. Before that the supervisor has none to close.</summary>
    private async Task CloseWhenMadeAsync(LiveContext context, Task<ReplyNews> making)
    {
        await ((Task)making).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (making.IsCompletedSuccessfully && string.IsNullOrEmpty((await making.ConfigureAwait(false)).Error))
        {
            await SendAsync(InterpreterFrame.Close, context.Number, Bytes(new(Interlocked.Increment(ref _lastRequest))))
                .ConfigureAwait(false);
        }
    }

    private static byte[] Bytes(Order order) => JsonSerializer.SerializeToUtf8Bytes(order, InterpreterJson.Default.Order);

    private static CodeExecutionException Failed(string code, string what, string error) =>
        new(code, $"{what}: {Words(error)}.");

    private static string Words(string said) => WorkspacePath.Printable(said.Length > MaxWords ? said[..MaxWords] : said);

    private async Task<ReplyNews> AskAsync(
        InterpreterFrame type, uint context, Func<uint, byte[]> order, CancellationToken cancellationToken)
    {
        uint request = Interlocked.Increment(ref _lastRequest);
        TaskCompletionSource<ReplyNews> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests[request] = answer;
        try
        {
            await SendAsync(type, context, order(request)).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (!IsRunning)
            {
                answer.TrySetException(Lost());
            }

            return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _requests.TryRemove(request, out _);
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (ReceivedFrame frame in _channel.ReceiveAsync().ConfigureAwait(false))
            {
                Handle(frame);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or JsonException or CodeExecutionException)
        {
            // It has ended, or is not what we started any more.
            _process.Kill();
        }
        finally
        {
            foreach (LiveContext context in _contexts.Values)
            {
                context.Lose();
            }

            foreach (TaskCompletionSource<ReplyNews> answer in _requests.Values)
            {
                answer.TrySetException(Lost());
            }

            _hello.TrySetException(Lost());
        }
    }

    private void Handle(ReceivedFrame frame)
    {
        switch (frame.Type)
        {
            case InterpreterFrame.Hello:
                _hello.TrySetResult(Read(frame, InterpreterJson.Default.HelloNews));
                break;
            case InterpreterFrame.Reply:
                ReplyNews reply = Read(frame, InterpreterJson.Default.ReplyNews);
                if (_requests.TryGetValue(reply.Request, out TaskCompletionSource<ReplyNews>? answer))
                {
                    answer.TrySetResult(reply);
                }

                break;
            default:
                if (_contexts.TryGetValue(frame.Context, out LiveContext? context))
                {
                    context.Handle(frame);
                }

                break;
        }
    }

    internal static T Read<T>(ReceivedFrame frame, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> shape) =>
        frame.Payload.Length > MaxReport ? throw new JsonException("The supervisor said more than it ever does.")
        : JsonSerializer.Deserialize(frame.Payload.Span, shape) ?? throw new JsonException("The supervisor said nothing.");

    private SandboxLostException Lost() => new($"The supervisor of the interpreters has ended.{ServiceStart.Last(_errors)}");

    /// <summary>Waits for something that the supervisor does at its start.</summary>
    private static Task Before(
        Task done, ISandboxProcess process, TimeProvider time, BoundedText errors, string kind, CancellationToken cancellationToken) =>
        ServiceStart.WaitAsync(
            done, process, time, "The supervisor of the interpreters", "interpreter", NeedsPython(kind), errors, cancellationToken);

    public static SandboxUnavailableException NeedsPython(string kind) => new(
        "interpreter-needs-python",
        $"Interpreters that keep state need Python 3.8 or newer, and the {kind} sandbox has none.",
        "Install Python there, or name an image that has it.");
}
