using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Glovebox.Tests.Server.Support;

/// <summary>A socket to a process.</summary>
internal sealed class Attached : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<Attached> ToAsync(TestServer server, string key, string path)
    {
        Attached attached = new();
        attached._socket.Options.SetRequestHeader("Authorization", $"Bearer {key}");
        await attached._socket.ConnectAsync(new Uri($"ws://{server.Address.Authority}{path}"), Cancelled);
        return attached;
    }

    public Task SendAsync(string text) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Binary, true, Cancelled);

    public Task OrderAsync(string json) => _socket.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, true, Cancelled);

    /// <summary>The next output, without the byte that says of which stream it is.</summary>
    public async Task<string> OutputAsync()
    {
        (WebSocketMessageType type, byte[] data) = await ReceiveAsync();
        Assert.Equal(WebSocketMessageType.Binary, type);
        return Encoding.UTF8.GetString(data.AsSpan(1));
    }

    public async Task<JsonNode> ExitAsync()
    {
        (WebSocketMessageType type, byte[] data) = await ReceiveAsync();
        Assert.Equal(WebSocketMessageType.Text, type);
        return JsonNode.Parse(data)!["exit"]!;
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<(WebSocketMessageType Type, byte[] Data)> ReceiveAsync()
    {
        byte[] buffer = new byte[1 << 20];
        WebSocketReceiveResult result = await _socket.ReceiveAsync(buffer, Cancelled);
        return (result.MessageType, buffer[..result.Count]);
    }
}
