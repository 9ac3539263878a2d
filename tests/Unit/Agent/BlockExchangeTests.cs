using System.Buffers.Binary;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Tests.Unit.Agent;

/// <summary>The host's end of an exchange that saves a file, runs a program and lists the files, whatever the agent answers.</summary>
public sealed class BlockExchangeTests
{
    private static readonly ProcessRequest Command = new(["x"], [])
    {
        File = new ProcessFile("x.py", new byte[] { (byte)'x' }),
        ListsFiles = true,
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_files_are_those_that_come_after_the_end()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        (Task<ProcessExit?> running, uint number) = await BeginAsync(agent);
        await agent.SendAsync(GuestFrameType.Exit, number, [0, 0, 0, 0, 0, 0, 0, 0, 0]);
        ProcessExit exit = (await running)!;
        Task<WorkspaceListing> listing = exit.ListFiles!(Ct);
        await agent.SendAsync(GuestFrameType.Reply, number, [(byte)GuestReplyStatus.More, 1, 0, 0, 0, (byte)'a', .. new byte[33]]);
        Assert.False(listing.IsCompleted);
        await agent.SendAsync(GuestFrameType.Reply, number, [(byte)GuestReplyStatus.Done, 1]);
        Assert.Equal("a", Assert.Single((await listing).Files).Path);

        // What comes after the last part is nobody's.
        await agent.SendAsync(GuestFrameType.Reply, number, [(byte)GuestReplyStatus.Done, 1]);
        (running, number) = await BeginAsync(agent);
        await agent.SendAsync(GuestFrameType.Exit, number, [1, 139, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Null((await running)!.ListFiles);
    }

    [Fact]
    public async Task A_file_that_cannot_be_saved_is_told_of()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        (Task<ProcessExit?> running, uint number) = await BeginAsync(agent);
        await agent.SendAsync(GuestFrameType.Reply, number, [(byte)GuestReplyStatus.Refused]);
        await agent.SendAsync(GuestFrameType.Exit, number, [4, 126, 0, 0, 0, 0, 0, 0, 0]);
        Assert.True((await Assert.ThrowsAsync<WorkspaceException>(() => running)).IsPathRefused);
    }

    [Fact]
    public async Task A_program_that_does_not_start_is_an_exit()
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        (Task<ProcessExit?> running, uint number) = await BeginAsync(agent);
        await agent.SendAsync(GuestFrameType.Exit, number, [4, 126, 0, 0, 0, 1, 0, 0, 0, (byte)'x']);
        ProcessExit exit = (await running)!;
        Assert.Equal((ProcessExitKind.NotStarted, 126, "x"), (exit.Kind, exit.ExitCode, exit.Message));
    }

    [Fact]
    public async Task An_agent_that_ends_before_the_files_come_is_a_loss()
    {
        FakeAgent agent = await FakeAgent.StartAsync();
        (Task<ProcessExit?> running, uint number) = await BeginAsync(agent);
        await agent.SendAsync(GuestFrameType.Exit, number, [0, 0, 0, 0, 0, 0, 0, 0, 0]);
        ProcessExit exit = (await running)!;
        Task<WorkspaceListing> listing = exit.ListFiles!(Ct);
        await agent.DisposeAsync();
        await Assert.ThrowsAsync<SandboxLostException>(() => listing);
        await Assert.ThrowsAsync<SandboxLostException>(() => exit.ListFiles!(Ct));
    }

    [Theory]
    [InlineData(new byte[] { 1, 255, 255, 255, 127 })]
    [InlineData(new byte[] { 1, 1, 0, 0, 0, 97 })]
    [InlineData(new byte[] { 2 })]
    [InlineData(new byte[] { 0 })]
    public async Task An_answer_that_makes_no_sense_fails_the_listing_alone(byte[] answer)
    {
        await using FakeAgent agent = await FakeAgent.StartAsync();
        (Task<ProcessExit?> running, uint number) = await BeginAsync(agent);
        await agent.SendAsync(GuestFrameType.Exit, number, [0, 0, 0, 0, 0, 0, 0, 0, 0]);
        await agent.SendAsync(GuestFrameType.Reply, number, answer);
        if (answer[0] == (byte)GuestReplyStatus.More)
        {
            await agent.SendAsync(GuestFrameType.Reply, number, [(byte)GuestReplyStatus.Done, 1]);
        }

        ProcessExit exit = (await running)!;
        await Assert.ThrowsAsync<WorkspaceException>(() => exit.ListFiles!(Ct));
    }

    private static async Task<(Task<ProcessExit?> Running, uint Number)> BeginAsync(FakeAgent agent)
    {
        Task<ProcessExit?> running = agent.Client.RunAsync(Command, Ct);
        byte[] frame = await agent.ReceiveAsync();
        Assert.Equal((byte)GuestFrameType.Run, frame[0]);
        Assert.Equal((byte)(AgentRunKind.Saves | AgentRunKind.Lists), frame[5]);
        return (running, BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(1)));
    }
}
