using System.Net.WebSockets;
using System.Text;
using Glovebox.Tests.Fuzz.Support;
using Glovebox.Execution;
using Glovebox.Jupyter.Client;
using Glovebox.Execution.Displays;
using Glovebox.Jupyter.Kernels;

namespace Glovebox.Tests.Fuzz;

/// <summary>Whatever a kernel sends, the connection to it stays, and the next message is heard.</summary>
public sealed class KernelTests
{
    private const string Id = "1234";

    private static readonly byte[] Idle = Encoding.UTF8.GetBytes(
        $$$"""{"channel":"iopub","header":{"msg_type":"status"},"parent_header":{"msg_id":"{{{Id}}}"},"content":{"execution_state":"idle"}}""");

    private static readonly byte[] Reply = Encoding.UTF8.GetBytes(
        $$$"""{"channel":"shell","header":{"msg_type":"execute_reply"},"parent_header":{"msg_id":"{{{Id}}}"},"content":{"status":"ok"}}""");

    private static readonly Gen<string> Text = Gen.OneOf(
        "\"\"", "\"a\"", "\"ok\"", "\"idle\"", "\"\\ud800\"", "\"\\udc80\"", "1", "null", "[]", "{}", "[1]", "[\"\\ud800\",\"b\"]", "{\"text/plain\":\"\\ud800\"}");

    private static readonly Gen<string> Content = Gen.Select(
        Gen.OneOf("name", "text", "ename", "evalue", "traceback", "data", "transient", "wait", "execution_state", "status", "payload", "\\ud800"),
        Text).Array[0, 5]
        .Select(p => $"{{{string.Join(',', p.Select(m => $"\"{m.Item1}\":{m.Item2}"))}}}");

    private static readonly Gen<string> Type = Gen.OneOf(
        "stream", "display_data", "execute_result", "update_display_data", "error", "clear_output", "status", "execute_reply", "\\ud800");

    private static readonly Gen<byte[]> Message = Gen.Select(
        Gen.OneOf(
            Gen.Select(Type, Content, Gen.OneOf("iopub", "shell", "\\ud800"), (type, content, channel) =>
                Encoding.UTF8.GetBytes(
                    $$$"""{"channel":"{{{channel}}}","header":{"msg_type":"{{{type}}}"},"parent_header":{"msg_id":"{{{Id}}}"},"content":{{{content}}}}""")),
            Gen.OneOf(Corpus.Kernel)),
        Gen.Frequency((3, Gen.Const(() => Array.Empty<Change>())), (1, Bytes.AnyChange.Array[1, 4])),
        Bytes.Apply);

    [Fact(Timeout = 24 * 3600 * 1000)]
    public Task No_message_of_a_kernel_ends_the_connection() => Fuzzer.RunAsync(
        Gen.Select(Message, Gen.Bool).Array[0, 8],
        messages =>
        {
            BlockDisplays output = new(new OutputCollector(1 << 20, 0), new DisplayFiles(null, null), [], new DisplayLimits(10, 1 << 20));
            Cell cell = new(Id, output);
            Socket socket = new([.. messages, (Idle, false), (Reply, false)]);
            KernelConnection connection = new(
                socket, "s", message =>
                {
                    if (message.ParentId == Id)
                    {
                        cell.Handle(message);
                    }
                },
                _ => { }, TimeProvider.System);
            Assert.True(connection.Ended.Wait(TimeSpan.FromSeconds(30)), "The messages do not end.");
            Assert.Equal(0, socket.Left);
            Assert.True(cell.Ended.IsCompleted, "The last messages were not heard.");
        },
        messages => string.Join('\n', messages.Select(m => $"{m.Item2} {Convert.ToHexString(m.Item1)}")),
        TestContext.Current.CancellationToken);

    /// <summary>A WebSocket that gives what it was made with, then closes.</summary>
    private sealed class Socket((byte[] Data, bool IsBinary)[] messages) : WebSocket
    {
        private int _next;

        public int Left => messages.Length - _next;

        public override WebSocketCloseStatus? CloseStatus => null;

        public override string? CloseStatusDescription => null;

        public override WebSocketState State => WebSocketState.Open;

        public override string? SubProtocol => null;

        public override void Abort()
        {
        }

        public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
            Task.CompletedTask;

        public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
            Task.CompletedTask;

        public override void Dispose()
        {
        }

        public override Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            if (_next == messages.Length)
            {
                return ValueTask.FromResult(new ValueWebSocketReceiveResult(0, WebSocketMessageType.Close, true));
            }

            (byte[] data, bool isBinary) = messages[_next++];
            data = data[..Math.Min(data.Length, buffer.Length)];
            data.CopyTo(buffer);
            WebSocketMessageType type = isBinary ? WebSocketMessageType.Binary : WebSocketMessageType.Text;
            return ValueTask.FromResult(new ValueWebSocketReceiveResult(data.Length, type, true));
        }

        public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
            Task.CompletedTask;
    }
}
