using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Glovebox.Jupyter.Client;

namespace Glovebox.Tests.Unit.Jupyter;

public sealed class KernelConnectionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_beyond_the_limit_is_skipped_and_the_next_one_arrives()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using TcpClient client = new();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Cancellation);
        using TcpClient server = await listener.AcceptTcpClientAsync(Cancellation);
        using WebSocket kernel = WebSocket.CreateFromStream(server.GetStream(), new WebSocketCreationOptions { IsServer = true });
        TaskCompletionSource<string> arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<long> skipped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using KernelConnection connection = new(
            WebSocket.CreateFromStream(client.GetStream(), new WebSocketCreationOptions { SubProtocol = KernelMessage.SubProtocol }),
            "session",
            m => arrived.TrySetResult(m.Type),
            size => skipped.TrySetResult(size),
            TimeProvider.System);

        byte[] chunk = new byte[1 << 20];
        for (int i = 0; i < 65; i++)
        {
            await kernel.SendAsync(chunk, WebSocketMessageType.Binary, endOfMessage: i == 64, Cancellation);
        }

        Assert.Equal(65L << 20, await skipped.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        Assert.False(arrived.Task.IsCompleted);
        await kernel.SendAsync(new byte[10], WebSocketMessageType.Binary, endOfMessage: true, Cancellation);
        byte[] header = KernelMessageWriter.Header("id", "session", "status", DateTimeOffset.UnixEpoch);
        await kernel.SendAsync(KernelMessageWriter.Parts(header, "{}"u8), WebSocketMessageType.Binary, endOfMessage: true, Cancellation);
        Assert.Equal("status", await arrived.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));

        await kernel.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(1), Cancellation).ContinueWith(_ => { }, TaskScheduler.Default);
        await connection.Ended.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.False(connection.IsOpen);
    }
}
