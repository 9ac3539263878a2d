using System.Buffers.Binary;
using System.Net.Sockets;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Tests.Unit.Agent;

/// <summary>The other end of a channel, in the test's hands.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly Socket _socket;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private FakeAgent(Socket socket, AgentClient client) => (_socket, Client) = (socket, client);

    public AgentClient Client { get; }

    public uint Tunnel { get; private set; }

    public static async Task<FakeAgent> StartAsync()
    {
        using TestFolder folder = new();
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(folder["s"]));
        listener.Listen();
        Socket host = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await host.ConnectAsync(new UnixDomainSocketEndPoint(folder["s"]), Cancellation);
        FakeAgent agent = new(await listener.AcceptAsync(Cancellation), new AgentClient(new NetworkStream(host, ownsSocket: true)));
        Task<AgentHello> hello = agent.Client.ConnectAsync(new AgentConfiguration(0, 0, "/", new Dictionary<string, string>()), Cancellation);
        await agent.ReceiveAsync();
        await agent.SendAsync(GuestFrameType.Hello, 0, [AgentClient.AgentVersion, 0, 0, 0, 1, 0, 0, 0, (byte)'3', 0]);
        await hello;
        return agent;
    }

    public async Task<Stream> OpenTunnelAsync()
    {
        Task<Stream> opening = Client.ConnectAsync(new UnixDomainSocketEndPoint("/x"), Cancellation);
        byte[] frame = await ReceiveAsync();
        Assert.Equal((byte)GuestFrameType.StreamOpen, frame[0]);
        Tunnel = BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(1));
        await SendAsync(GuestFrameType.StreamOpen, Tunnel, []);
        return await opening;
    }

    public async Task SendAsync(GuestFrameType type, uint number, byte[] payload) =>
        await _socket.SendAsync(new GuestFrameWriter().Bytes(payload).Frame(type, number), Cancellation);

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await Client.DisposeAsync();
    }

    /// <summary>Gives a frame of the host's: its type, its number, what it holds.</summary>
    public async Task<byte[]> ReceiveAsync()
    {
        using NetworkStream stream = new(_socket);
        byte[] size = new byte[4];
        await stream.ReadExactlyAsync(size, Cancellation);
        byte[] frame = new byte[BinaryPrimitives.ReadInt32LittleEndian(size)];
        await stream.ReadExactlyAsync(frame, Cancellation);
        return frame;
    }
}
