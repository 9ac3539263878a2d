using System.Net.WebSockets;
using System.Text.Json;
using Glovebox.Server.Requests;
using Glovebox.Server.Sessions;

namespace Glovebox.Server.Native;

/// <summary>Processes of a session: start, list, signal, and attach over a WebSocket.</summary>
internal sealed class ProcessRoutes(SessionRoutes found)
{
    /// <summary>What the latest output of a process may have for those who attach late, in bytes.</summary>
    private const int Backlog = 1 << 20;

    /// <summary>How long a client has to close its end of a socket.</summary>
    private static readonly TimeSpan Closing = TimeSpan.FromSeconds(5);

    public async Task StartAsync(ApiCall call)
    {
        ProcessBody body = await call.ReadAsync(NativeJson.Default.ProcessBody).ConfigureAwait(false);
        await found.WithAsync(call, async use =>
        {
            ProcessRequest request = new([body.Program], body.Arguments)
            {
                Variables = body.Environment,
                Directory = body.Directory,
                KeepsInputOpen = body.Input,
                Terminal = body.Terminal is { } size ? new(size.Columns, size.Rows) : null,
                IsBackground = true,
                OutputBacklog = Backlog,
            };
            ISandboxProcess process = await use.Sandbox.StartProcessAsync(request, call.Aborted).ConfigureAwait(false);
            await call.AnswerAsync(AnswerOf(process), NativeJson.Default.ProcessAnswer, 201).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    public Task ListAsync(ApiCall call) => found.WithAsync(call, use => call.AnswerAsync(
        new([.. use.Sandbox.Processes.Select(AnswerOf)]), NativeJson.Default.ProcessList));

    public async Task SignalAsync(ApiCall call)
    {
        SignalBody body = await call.ReadAsync(NativeJson.Default.SignalBody).ConfigureAwait(false);
        ProcessSignal? signal = Enum.GetValues<ProcessSignal>().Cast<ProcessSignal?>()
            .FirstOrDefault(s => NativeJson.Lower(s.ToString()!) == body.Signal);
        if (signal is not { } known)
        {
            string names = string.Join(", ", Enum.GetNames<ProcessSignal>().Select(NativeJson.Lower));
            throw ApiException.Invalid($"There is no signal of this name. There are: {names}.");
        }

        await found.WithAsync(call, async use => await call.AnswerAsync(
            new(await ProcessOf(call, use).SignalAsync(known, call.Aborted).ConfigureAwait(false)),
            NativeJson.Default.SignalAnswer).ConfigureAwait(false)).ConfigureAwait(false);
    }

    public Task AttachAsync(ApiCall call) => found.WithAsync(call, async use =>
    {
        ISandboxProcess process = ProcessOf(call, use);
        if (!call.Http.WebSockets.IsWebSocketRequest)
        {
            throw ApiException.Invalid("Attach by a WebSocket.");
        }

        using WebSocket socket = await call.Http.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, use.Session.Ended);
        Task reading = ReadAsync(socket, process, either.Token);
        try
        {
            await SendAsync(socket, process, either.Token).ConfigureAwait(false);

            // A receive that is cancelled aborts the connection, and what was sent may never come. The client closes, too.
            await reading.WaitAsync(Closing, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await either.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    });

    private static ProcessAnswer AnswerOf(ISandboxProcess process) => new(
        process.Id, process.Program, process.HasTerminal, process.StartedAt,
        process.Ended.IsCompletedSuccessfully ? AnswerOf(process.Ended.Result) : null);

    private static ExitAnswer AnswerOf(ProcessExit exit) => new(NativeJson.Lower(exit.Kind.ToString()), exit.ExitCode, exit.Message);

    private static ISandboxProcess ProcessOf(ApiCall call, SessionUse use) =>
        use.Sandbox.Processes.FirstOrDefault(p => p.Id.ToString(System.Globalization.CultureInfo.InvariantCulture) == call.Route("process"))
        ?? throw ApiException.NotFound("unknown-process", "The session has no such process.");

    /// <summary>Sends output: a byte that says of which stream it is (1, 2), and the data. The last message says how the process
    /// ended.</summary>
    private static async Task SendAsync(WebSocket socket, ISandboxProcess process, CancellationToken cancellationToken)
    {
        await foreach (ProcessOutput output in process.ReadOutputAsync(cancellationToken).ConfigureAwait(false))
        {
            if (output.Missed > 0)
            {
                await SendTextAsync(socket, $$"""{"type":"missed","bytes":{{output.Missed}}}""", cancellationToken).ConfigureAwait(false);
            }

            byte[] message = [(byte)(output.Stream == OutputStream.StandardOutput ? 1 : 2), .. output.Data.Span];
            await socket.SendAsync(message, WebSocketMessageType.Binary, true, cancellationToken).ConfigureAwait(false);
        }

        ProcessExit exit = await process.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        string text = JsonSerializer.Serialize(AnswerOf(exit), NativeJson.Default.ExitAnswer);
        await SendTextAsync(socket, $$"""{"type":"exit","exit":{{text}}}""", cancellationToken).ConfigureAwait(false);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken).ConfigureAwait(false);
    }

    private static Task SendTextAsync(WebSocket socket, string text, CancellationToken cancellationToken) =>
        socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, cancellationToken);

    /// <summary>Takes input as it comes, and orders.</summary>
    private static async Task ReadAsync(WebSocket socket, ISandboxProcess process, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[64 << 10];
        while (true)
        {
            ValueWebSocketReceiveResult received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            ReadOnlyMemory<byte> data = buffer.AsMemory(0, received.Count);
            if (received.MessageType == WebSocketMessageType.Binary)
            {
                await process.WriteAsync(data, cancellationToken).ConfigureAwait(false);
                continue;
            }

            // An order fits into one message by far.
            AttachMessage order = JsonSerializer.Deserialize(data.Span, NativeJson.Default.AttachMessage)!;
            if (order.Type == "resize")
            {
                await process.ResizeAsync(new(order.Columns, order.Rows), cancellationToken).ConfigureAwait(false);
            }
            else if (order.Type == "close-input")
            {
                await process.CloseInputAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
