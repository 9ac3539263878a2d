namespace Glovebox.Tests.Unit.Middleware;

/// <summary>Nothing runs without an approval, whatever becomes of the asking.</summary>
public sealed class ApprovalFailureTests
{
    private static readonly CodeBlock One = new("python", "1");
    private static readonly CodeBlock Two = new("sh", "2");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_approval_that_throws_ends_the_run_with_its_exception()
    {
        ScriptedExecutor inner = new();
        bool throws = true;
        await using ICodeExecutor executor = inner.AsBuilder()
            .UseApproval(_ => throws ? throw new FormatException("broken") : ApprovalDecision.Approve()).Build();
        await Assert.ThrowsAsync<FormatException>(() => executor.ExecuteCodeBlocksAsync([One], Ct));
        Assert.Empty(inner.Received);

        // It held nothing: the next execution has its turn.
        throws = false;
        Assert.Equal("1", (await executor.ExecuteCodeBlocksAsync([One], Ct)).Output);
    }

    [Fact]
    public async Task An_approval_that_fails_later_ends_the_run_with_its_exception()
    {
        ScriptedExecutor inner = new();
        await using ICodeExecutor executor = inner.AsBuilder()
            .UseApproval(async (_, cancellationToken) =>
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                throw new FormatException("broken");
            }).Build();
        await Assert.ThrowsAsync<FormatException>(() => executor.ExecuteCodeBlocksAsync([One], Ct));
        Assert.Empty(inner.Received);
    }

    [Fact]
    public async Task An_approval_that_gives_nothing_is_an_error()
    {
        ScriptedExecutor inner = new();
        await using ICodeExecutor executor = inner.AsBuilder().UseApproval(_ => null!).Build();
        await Assert.ThrowsAsync<InvalidOperationException>(() => executor.ExecuteCodeBlocksAsync([One], Ct));
        Assert.Empty(inner.Received);
    }

    [Fact]
    public async Task An_approval_that_is_cancelled_by_itself_is_a_denial()
    {
        ScriptedExecutor inner = new();
        await using ICodeExecutor executor = inner.AsBuilder().UseApproval((_, _) => throw new TaskCanceledException()).Build();
        CodeResult result = await executor.ExecuteCodeBlocksAsync([One, Two], Ct);
        Assert.Equal("Code execution was not approved. Reason: The approval was cancelled.\n", result.Output);
        Assert.Equal(TerminationReason.Denied, Assert.Single(result.Blocks).Termination);
        Assert.Empty(inner.Received);
    }

    [Fact]
    public async Task Cancelling_does_not_wait_for_an_approval_that_heeds_no_token()
    {
        ScriptedExecutor inner = new();
        Question question = new();
        await using ICodeExecutor executor = inner.AsBuilder().UseApproval(question.AskAsync).Build();
        using CancellationTokenSource cancellation = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        Task<CodeResult> running = executor.ExecuteCodeBlocksAsync([One], cancellation.Token);
        await question.Asked;
        await cancellation.CancelAsync();
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Ct));
        Assert.Equal(cancellation.Token, e.CancellationToken);

        // The answer comes too late.
        question.Answer.SetResult(ApprovalDecision.Approve());
        Assert.Empty(inner.Received);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("restart")]
    [InlineData("dispose")]
    public async Task Ending_the_executor_ends_a_run_that_waits_for_an_approval(string how)
    {
        ScriptedExecutor inner = new();
        Question question = new();
        await using ICodeExecutor executor = inner.AsBuilder().UseApproval(question.AskAsync).Build();
        Task<CodeResult> running = executor.ExecuteCodeBlocksAsync([One], Ct);
        await question.Asked;
        Task<CodeResult> waiting = executor.ExecuteCodeBlocksAsync([Two], Ct);
        await EndAsync(executor, how);
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => running.WaitAsync(Ct));
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => waiting.WaitAsync(Ct));
        Assert.Empty(inner.Received);
        Assert.Equal([how], inner.Calls);
    }

    [Fact]
    public async Task A_block_approved_before_a_restart_does_not_run_after_it()
    {
        ScriptedExecutor inner = new();
        ICodeExecutor? executor = null;
        executor = inner.AsBuilder().UseApproval(async (_, cancellationToken) =>
        {
            await executor!.RestartAsync(CancellationToken.None);
            return ApprovalDecision.Approve();
        }).Build();
        await using (executor)
        {
            await Assert.ThrowsAsync<ExecutorStoppedException>(() => executor.ExecuteCodeBlocksAsync([One], Ct));
            Assert.DoesNotContain("run 1", inner.Calls);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_executor_that_stopped_while_it_was_asked_for_ends_the_run_with_the_stop(bool stops)
    {
        ScriptedExecutor inner = new();
        ICodeExecutor? executor = null;
        executor = inner.AsBuilder().UseApproval(async (_, _) =>
        {
            inner.Refusal = new InvalidOperationException("The executor is not started.");
            if (stops)
            {
                await executor!.StopAsync(CancellationToken.None);
            }

            return ApprovalDecision.Approve();
        }).Build();
        await using (executor)
        {
            Exception e = await Assert.ThrowsAnyAsync<Exception>(() => executor.ExecuteCodeBlocksAsync([One], Ct));
            Assert.Equal(stops ? typeof(ExecutorStoppedException) : typeof(InvalidOperationException), e.GetType());
        }
    }

    [Fact]
    public async Task Two_runs_do_not_mix()
    {
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedExecutor inner = new() { Running = (block, _) => block == One ? gate.Task : Task.CompletedTask };
        await using ICodeExecutor executor = inner.AsBuilder().UseApproval(_ => ApprovalDecision.Approve()).Build();
        Task<CodeResult> first = executor.ExecuteCodeBlocksAsync([One, One], Ct);

        // Nothing would hold this one up but the turn of the first.
        Task<CodeResult> second = executor.ExecuteCodeBlocksAsync([Two, Two], Ct);
        gate.SetResult();
        await Task.WhenAll(first, second);
        Assert.Equal([One, One, Two, Two], inner.Received);
    }

    [Fact]
    public async Task Leaving_early_ends_the_running_block_and_asks_no_more()
    {
        ScriptedExecutor inner = new();
        int asked = 0;
        await using ICodeExecutor executor = inner.AsBuilder().UseApproval(_ =>
        {
            asked++;
            return ApprovalDecision.Approve();
        }).Build();
        await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync([One, Two], Ct))
        {
            if (update is OutputReceivedUpdate)
            {
                break;
            }
        }

        Assert.Equal(1, asked);
        Assert.Equal(["run 1", "end"], inner.Calls);

        // Its turn is over, too.
        Assert.Equal("2", (await executor.ExecuteCodeBlocksAsync([Two], Ct)).Output);
    }

    [Fact]
    public async Task A_wrong_call_asks_nobody()
    {
        ICodeExecutor executor = new ScriptedExecutor().AsBuilder().UseApproval(_ => throw new FormatException("asked")).Build();
        Assert.Throws<ArgumentException>(() => executor.ExecuteCodeBlocksStreamingAsync([], Ct));
        Assert.Throws<ArgumentException>(() => executor.ExecuteCodeBlocksStreamingAsync([null!], Ct));
        Assert.Throws<ArgumentNullException>(() => executor.ExecuteCodeBlocksStreamingAsync(null!, Ct));
        await executor.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => executor.ExecuteCodeBlocksStreamingAsync([One], Ct));
    }

    private static Task EndAsync(ICodeExecutor executor, string how) => how switch
    {
        "stop" => executor.StopAsync(Ct),
        "restart" => executor.RestartAsync(Ct),
        _ => executor.DisposeAsync().AsTask(),
    };

    /// <summary>An approval that waits for the test and, like a prompt at a terminal, heeds no token.</summary>
    private sealed class Question
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task.WaitAsync(Ct);

        public TaskCompletionSource<ApprovalDecision> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<ApprovalDecision> AskAsync(ApprovalContext context, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            return new ValueTask<ApprovalDecision>(Answer.Task);
        }
    }
}
