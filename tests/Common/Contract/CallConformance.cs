namespace Glovebox.Tests.Common.Contract;

/// <summary>Calls that are waiting, cancelled or wrong.</summary>
public abstract class CallConformance(ExecutorKind kind)
{
    private static readonly CodeBlock Echo = new("bash", "echo on");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cancellation_of_the_folded_call_throws_with_the_callers_token_too()
    {
        await using Session session = await Session.StartAsync(kind);
        using CancellationTokenSource cancellation = new();
        Task<CodeResult> running = session.Executor.ExecuteCodeBlocksAsync([new("bash", "touch ready; exec sleep 600")], cancellation.Token);
        await session.AppearsAsync("ready");
        await cancellation.CancelAsync();
        Assert.Equal(cancellation.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running)).CancellationToken);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_runs_nothing()
    {
        await using Session session = await Session.StartAsync(kind);
        CancellationToken cancelled = new(canceled: true);
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => session.Executor.ExecuteCodeBlocksAsync([new("bash", "touch never")], cancelled));
        Assert.Equal(cancelled, e.CancellationToken);
        Assert.Empty(session.Entries());
        Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
    }

    [Fact]
    public async Task An_execution_that_waits_for_its_turn_is_cancelled_at_once_and_the_running_one_goes_on()
    {
        await using Session session = await Session.StartAsync(kind);
        Running first = session.Begin("bash", "echo ready; until [ -e go ]; do sleep 0.01; done; echo done");
        await first.PrintsAsync("ready");
        using CancellationTokenSource cancellation = new();
        Running second = session.BeginCancellable([Echo], cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.Completion);
        await session.WriteAsync("go");
        Assert.Equal("ready\ndone\n", (await first.Completion).Output);
    }

    [Fact]
    public async Task Use_after_disposal_is_an_error_even_if_it_was_never_started()
    {
        ICodeExecutor executor = kind.Create(new());
        await executor.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => executor.StartAsync(Ct));
    }

    [Fact]
    public async Task No_blocks_is_an_argument_error()
    {
        await using Session session = await Session.StartAsync(kind);
        await Assert.ThrowsAsync<ArgumentException>(() => session.RunAsync());
        await Assert.ThrowsAsync<ArgumentException>(() => session.RunAsync(Echo, null!));
        await Assert.ThrowsAsync<ArgumentException>(() => session.RunAsync(new CodeBlock(null!, "x")));
        await Assert.ThrowsAsync<ArgumentException>(() => session.RunAsync(new CodeBlock("bash", null!)));
        await Assert.ThrowsAsync<ArgumentNullException>(() => session.Executor.ExecuteCodeBlocksAsync(null!, Ct));
    }

    [Fact]
    public async Task Services_are_found_by_type()
    {
        await using Session session = await Session.StartAsync(kind);
        Assert.Same(session.Executor, session.Executor.GetService<ICodeExecutor>());
        Assert.Equal(kind.IsIsolated, session.Executor.GetService<SandboxCapabilities>()!.IsIsolated);
        Assert.Null(session.Executor.GetService<TimeProvider>());
        Assert.Null(session.Executor.GetService(typeof(ICodeExecutor), "key"));
        Assert.Throws<ArgumentNullException>(() => { session.Executor.GetService(null!); });
    }
}
