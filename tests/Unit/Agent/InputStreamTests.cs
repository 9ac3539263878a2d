using System.Buffers.Binary;
using System.Text;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Tests.Unit.Agent;

/// <summary>The host's end of a standard input that stays open, and of what a run is told, whatever the agent answers.</summary>
public sealed class InputStreamTests
{
    private static readonly ProcessRequest Command = new(["x"], []) { KeepsInputOpen = true, IsBackground = true };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Input_is_a_stream_with_the_number_of_the_run()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        (AgentRun run, uint number) = await BeginAsync(agent);
        await run.WriteAsync("hello"u8.ToArray(), Ct);
        Assert.Equal((GuestFrameType.StreamData, number, "hello"), Parse(await agent.ReceiveAsync()));
        await run.CloseInputAsync();
        Assert.Equal((GuestFrameType.StreamEnd, number, ""), Parse(await agent.ReceiveAsync()));
    }

    [Fact]
    public async Task No_more_is_sent_than_the_program_takes()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        (AgentRun run, uint number) = await BeginAsync(agent);
        Task writing = run.WriteAsync(new byte[AgentStream.SendWindow + 1], Ct);
        for (int received = 0; received < AgentStream.SendWindow;)
        {
            received += (await agent.ReceiveAsync()).Length - 5;
        }

        Assert.False(writing.IsCompleted);
        await agent.SendAsync(GuestFrameType.StreamCredit, number, [1, 0, 0, 0]);
        Assert.Equal(1, (await agent.ReceiveAsync()).Length - 5);
        await writing;
    }

    [Fact]
    public async Task The_end_of_the_run_ends_a_write_that_waits()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        (AgentRun run, uint number) = await BeginAsync(agent);
        Task<ProcessExit?> ended = run.WaitAsync();
        Task writing = run.WriteAsync(new byte[AgentStream.SendWindow + 1], Ct);
        await DrainAsync(agent);
        await agent.SendAsync(GuestFrameType.Exit, number, [0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal(0, (await ended)!.ExitCode);
        await Assert.ThrowsAsync<IOException>(() => writing);
        static async Task DrainAsync(FakeAgent agent)
        {
            for (int received = 0; received < AgentStream.SendWindow;)
            {
                received += (await agent.ReceiveAsync()).Length - 5;
            }
        }
    }

    [Fact]
    public async Task A_program_that_reads_no_more_fails_the_write()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        (AgentRun run, uint number) = await BeginAsync(agent);
        await agent.SendAsync(GuestFrameType.StreamReset, number, [1, 0, 0, 0, (byte)'x']);
        IOException e = await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                // Nobody reads these: they are not to fill the socket before the news has come.
                await run.WriteAsync(new byte[1], Ct);
                await Task.Delay(1, Ct);
            }
        });
        Assert.Equal("x", e.Message);
    }

    [Theory]
    [InlineData(GuestFrameType.StreamCredit, new byte[] { 1, 0, 0, 0 })]
    [InlineData(GuestFrameType.StreamCredit, new byte[] { 1 })]
    [InlineData(GuestFrameType.StreamReset, new byte[0])]
    public async Task A_frame_that_makes_no_sense_ends_the_channel(object type, byte[] payload)
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        (AgentRun run, uint number) = await BeginAsync(agent);
        await agent.SendAsync((GuestFrameType)type, number, payload);
        await agent.Client.Ended.WaitAsync(TimeSpan.FromSeconds(30), Ct);
        Assert.Null(await run.WaitAsync());
    }

    [Fact]
    public async Task An_agent_that_sends_bytes_through_a_standard_input_fills_no_memory()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        (_, uint number) = await BeginAsync(agent);
        for (int sent = 0; sent < AgentStream.Window; sent += 1 << 16)
        {
            await agent.SendAsync(GuestFrameType.StreamData, number, new byte[1 << 16]);
        }

        Assert.False(agent.Client.Ended.IsCompleted);
        await agent.SendAsync(GuestFrameType.StreamData, number, [0]);
        await agent.Client.Ended.WaitAsync(TimeSpan.FromSeconds(30), Ct);
    }

    [Theory]
    [InlineData(GuestReplyStatus.Done, true)]
    [InlineData(GuestReplyStatus.Missing, false)]
    [InlineData(GuestReplyStatus.Failed, null)]
    public async Task A_signal_is_answered(object status, bool? isSent)
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        (AgentRun run, uint number) = await BeginAsync(agent);
        Task<bool> sending = run.SignalAsync(15, Ct);
        byte[] frame = await agent.ReceiveAsync();
        Assert.Equal((byte)GuestFrameType.Signal, frame[0]);
        Assert.Equal((number, (ushort)15), (BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(5)), BinaryPrimitives.ReadUInt16LittleEndian(frame.AsSpan(9))));
        await agent.SendAsync(GuestFrameType.Reply, BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(1)), [(byte)(GuestReplyStatus)status, 0, 0, 0, 0]);
        if (isSent is { } expected)
        {
            Assert.Equal(expected, await sending);
        }
        else
        {
            await Assert.ThrowsAsync<IOException>(() => sending);
        }
    }

    private static async Task<(AgentRun Run, uint Number)> BeginAsync(FakeAgent agent)
    {
        AgentRun run = agent.Client.Start(Command, savesFile: false, listsFiles: false);
        byte[] frame = await agent.ReceiveAsync();
        Assert.Equal((byte)(AgentRunKind.Background | AgentRunKind.Input), frame[5]);
        return (run, BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(1)));
    }

    private static (GuestFrameType Type, uint Number, string Payload) Parse(byte[] frame) =>
        ((GuestFrameType)frame[0], BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(1)), Encoding.UTF8.GetString(frame.AsSpan(5)));
}
