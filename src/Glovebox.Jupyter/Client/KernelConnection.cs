using System.Net.WebSockets;
using System.Text.Json;

namespace Glovebox.Jupyter.Client;

/// <summary>The channels of one kernel, over a WebSocket.</summary>
/// <remarks>Messages are handed on one at a time by the reading loop, in the order in which they come. One that is larger than
/// <see cref="MaxMessage"/> is skipped, so that a kernel cannot fill the host's memory.</remarks>
internal sealed class KernelConnection : IAsyncDisposable
{
    /// <summary>The largest message that is taken, in bytes.</summary>
    public const int MaxMessage = 64 << 20;

    private const int FirstBuffer = 32 << 10;

    /// <summary>A buffer that one large message needed is not kept for the small ones after it.</summary>
    private const int LargestKept = 1 << 20;

    private readonly WebSocket _socket;
    private readonly string _session;
    private readonly bool _isParts;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly Task _reading;

    /// <summary>Takes over an open WebSocket, see <see cref="JupyterClient.ConnectAsync"/>.</summary>
    public KernelConnection(WebSocket socket, string session, Action<KernelMessage> onMessage, Action<long> onOversized, TimeProvider time)
    {
        _socket = socket;
        _isParts = socket.SubProtocol == KernelMessage.SubProtocol;
        _time = time;
        _session = session;
        _reading = ReadAsync(onMessage, onOversized);
    }

    /// <summary>Completes when the connection has ended, for whatever reason.</summary>
    public Task Ended => _reading;

    public bool IsOpen => !_reading.IsCompleted;

    /// <summary>Sends a message.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public async Task SendAsync(string type, string messageId, ReadOnlyMemory<byte> content)
    {
        byte[] header = KernelMessageWriter.Header(messageId, _session, type, _time.GetUtcNow());
        byte[] message = _isParts ? KernelMessageWriter.Parts(header, content.Span) : KernelMessageWriter.Object(header, content.Span);
        await _sending.WaitAsync().ConfigureAwait(false);
        try
        {
            // A send that is given up half way would end the connection.
            WebSocketMessageType kind = _isParts ? WebSocketMessageType.Binary : WebSocketMessageType.Text;
            await _socket.SendAsync(message, kind, endOfMessage: true, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            throw new IOException("The connection to the kernel has ended.", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        // No farewell: the server may be gone, and it treats an end like one.
        _socket.Abort();
        _socket.Dispose();
        await _reading.ConfigureAwait(false);
        _sending.Dispose();
    }

    private async Task ReadAsync(Action<KernelMessage> onMessage, Action<long> onOversized)
    {
        byte[] buffer = new byte[FirstBuffer];
        try
        {
            while (true)
            {
                int filled = 0;
                long skipped = 0;
                ValueWebSocketReceiveResult result;
                do
                {
                    if (filled == buffer.Length)
                    {
                        if (buffer.Length < MaxMessage)
                        {
                            Array.Resize(ref buffer, Math.Min(MaxMessage, buffer.Length * 2));
                        }
                        else
                        {
                            skipped += filled;
                            filled = 0;
                        }
                    }

                    result = await _socket.ReceiveAsync(buffer.AsMemory(filled), CancellationToken.None).ConfigureAwait(false);
                    filled += result.Count;
                }
                while (!result.EndOfMessage);

                if (result.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }

                if (skipped > 0)
                {
                    onOversized(skipped + filled);
                }
                else
                {
                    HandOn(buffer.AsMemory(0, filled), result.MessageType, onMessage);
                }

                if (buffer.Length > LargestKept)
                {
                    buffer = new byte[FirstBuffer];
                }
            }
        }
        catch (Exception e) when (
            e is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // The same as its end.
        }
        finally
        {
            _socket.Abort();
        }
    }

    private static void HandOn(ReadOnlyMemory<byte> data, WebSocketMessageType type, Action<KernelMessage> onMessage)
    {
        try
        {
            using KernelMessage message = type == WebSocketMessageType.Binary ? KernelMessage.ReadParts(data)
                : KernelMessage.ReadObject(data);
            onMessage(message);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A kernel that sends what is no message, or a name that is no text, has said nothing.
        }
    }
}
