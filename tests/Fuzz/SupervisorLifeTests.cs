using Glovebox.Execution;
using Glovebox.Interpreters;
using Glovebox.Tests.Fuzz.Support;
using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Fuzz;

/// <summary>What the host does about its contexts while the supervisor does not read, or answers late.</summary>
public sealed class SupervisorLifeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_block_that_the_supervisor_does_not_read_ends_when_it_is_stopped()
    {
        FakeTimeProvider clock = new();
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start(clock);
        supervisor.StopReading();
        using CancellationTokenSource stop = new();
        Task<ContextEnd> first = FuzzSupervisor.RunAsync(supervisor.Contexts[0], new OutputCollector(1 << 20, 0), stop.Token);
        Task<ContextEnd> second = FuzzSupervisor.RunAsync(supervisor.Contexts[1], new OutputCollector(1 << 20, 0), CancellationToken.None);
        await stop.CancelAsync();
        await Eventually.HoldsAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return first.IsCompleted;
            },
            "the block has ended");
        Assert.Equal((ContextEndKind.Lost, true), ((await first).Kind, (await first).WasStopped));
        Assert.Equal(ContextEndKind.Lost, (await second).Kind);
    }

    [Fact]
    public async Task A_request_that_the_supervisor_does_not_read_can_be_given_up()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        supervisor.StopReading();
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task rolling = supervisor.Host.RollBackAsync(supervisor.Contexts[0], 1, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rolling.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_context_that_is_made_after_it_was_given_up_is_closed(bool isBranch)
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        using CancellationTokenSource cancel = new();
        Task making = isBranch
            ? supervisor.Host.BranchAsync(supervisor.Contexts[0], TimeProvider.System, cancel.Token)
            : supervisor.Host.CreateAsync(false, null, null, TimeProvider.System, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => making);
        supervisor.Feed(Answer(3));
        await IsSentAsync(supervisor, InterpreterFrame.Close, 3);
    }

    [Fact]
    public async Task A_context_whose_close_is_given_up_ends_its_block()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        CodeContext context = await MakeAsync(supervisor);
        Task<ContextEnd> running = FuzzSupervisor.RunAsync(await context.LiveAsync(Cancellation), new OutputCollector(1 << 20, 0));
        using CancellationTokenSource cancel = new();
        Task closing = context.CloseAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => closing);
        Assert.Equal(ContextEndKind.Lost, (await running.WaitAsync(TimeSpan.FromSeconds(60), Cancellation)).Kind);
        Assert.True(supervisor.Host.IsRunning);
    }

    [Fact]
    public async Task A_context_that_is_closed_while_its_interpreter_is_made_has_none()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        CodeContext context = Table(supervisor).Add(null, isShell: false, new CodeContextOptions());
        Task<LiveContext> making = context.LiveAsync(Cancellation);
        await IsSentAsync(supervisor, InterpreterFrame.Create, 3);
        await context.CloseAsync(Cancellation);
        supervisor.Feed(Answer(3));
        await IsSentAsync(supervisor, InterpreterFrame.Close, 3);
        supervisor.Feed(Answer(4));
        Assert.Equal("unknown-context", (await Assert.ThrowsAsync<CodeExecutionException>(() => making)).Code);
    }

    [Fact]
    public async Task A_context_whose_interpreter_is_made_twice_at_once_keeps_one()
    {
        await using FuzzSupervisor supervisor = FuzzSupervisor.Start();
        CodeContext context = Table(supervisor).Add(null, isShell: false, new CodeContextOptions());
        Task<LiveContext> first = context.LiveAsync(Cancellation), second = context.LiveAsync(Cancellation);
        supervisor.Feed(Answer(3));
        LiveContext kept = await first;
        supervisor.Feed(Answer(4));
        await IsSentAsync(supervisor, InterpreterFrame.Close, 4);
        supervisor.Feed(Answer(5));
        Assert.Same(kept, await second);
    }

    private static ContextTable Table(FuzzSupervisor supervisor) =>
        new(_ => Task.FromResult(supervisor.Host), new Turn(), sharesTurn: false, mostContexts: 10, TimeProvider.System);

    private static async Task<CodeContext> MakeAsync(FuzzSupervisor supervisor)
    {
        CodeContext context = Table(supervisor).Add(null, isShell: false, new CodeContextOptions());
        Task making = context.LiveAsync(Cancellation);
        supervisor.Feed(Answer(3));
        await making;
        return context;
    }

    private static byte[] Answer(uint request) => SupervisorFrames.Of(InterpreterFrame.Reply, 3, $$"""{"request":{{request}},"error":""}""");

    private static Task IsSentAsync(FuzzSupervisor supervisor, InterpreterFrame type, uint context) =>
        Eventually.HoldsAsync(() => supervisor.Sent().Contains((type, context)), $"{type} is sent for {context}");
}
