using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Tests.Unit.Agent;

/// <summary>An agent that has been taken over does not fill the host's memory, and ends its channel when it breaks the rules.</summary>
public sealed class HostileTunnelTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task More_than_was_asked_for_ends_the_channel()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        await using Stream tunnel = await agent.OpenTunnelAsync();
        for (int sent = 0; sent < AgentStream.Window; sent += 1 << 16)
        {
            await agent.SendAsync(GuestFrameType.StreamData, agent.Tunnel, new byte[1 << 16]);
        }

        await agent.SendAsync(GuestFrameType.StreamData, agent.Tunnel, [0]);
        await agent.Client.Ended.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    [Fact]
    public async Task What_was_asked_for_does_not_end_the_channel()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        await using Stream tunnel = await agent.OpenTunnelAsync();
        for (int i = 0; i < 100; i++)
        {
            await agent.SendAsync(GuestFrameType.StreamData, agent.Tunnel, new byte[1 << 16]);
            await tunnel.ReadExactlyAsync(new byte[1 << 16], Cancellation);
        }

        Assert.False(agent.Client.Ended.IsCompleted);
    }

    [Theory]
    [InlineData(GuestFrameType.StreamCredit, new byte[] { 1, 0, 0, 0 })]
    [InlineData(GuestFrameType.StreamCredit, new byte[] { 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(GuestFrameType.StreamCredit, new byte[] { 1 })]
    [InlineData(GuestFrameType.StreamReset, new byte[0])]
    [InlineData(GuestFrameType.StreamReset, new byte[] { 0xFF, 0xFF, 0xFF, 0x7F })]
    public async Task A_frame_that_makes_no_sense_ends_the_channel(object type, byte[] payload)
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        await using Stream tunnel = await agent.OpenTunnelAsync();
        await agent.SendAsync((GuestFrameType)type, agent.Tunnel, payload);
        await agent.Client.Ended.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        await Assert.ThrowsAsync<IOException>(() => tunnel.ReadAsync(new byte[1], Cancellation).AsTask());
    }

    [Fact]
    public async Task Frames_of_a_tunnel_that_is_not_there_are_dropped()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        await using Stream tunnel = await agent.OpenTunnelAsync();
        for (int i = 0; i < 100; i++)
        {
            await agent.SendAsync(GuestFrameType.StreamData, 12345, new byte[1 << 16]);
        }

        await agent.SendAsync(GuestFrameType.StreamData, agent.Tunnel, [42]);
        byte[] one = new byte[1];
        await tunnel.ReadExactlyAsync(one, Cancellation);
        Assert.Equal(42, one[0]);
    }
}
