using Glovebox.Tests.Common.Agents;
using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Contract.Agents.Sessions;

public sealed class CodeSessionPoolTests
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(20);

    private readonly FakeTimeProvider _clock = new();
    private readonly List<FakeExecutor> _made = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_name_leads_to_the_same_executor_and_another_name_to_another()
    {
        await using CodeSessionPool pool = Pool(new());
        await using CodeSessionLease first = await pool.AcquireAsync("a", Ct);
        await using CodeSessionLease again = await pool.AcquireAsync("a", Ct);
        await using CodeSessionLease other = await pool.AcquireAsync("b", Ct);
        Assert.Same(first.Executor, again.Executor);
        Assert.NotSame(first.Executor, other.Executor);
        Assert.Equal((true, false, true), (first.IsNew, again.IsNew, other.IsNew));
        Assert.Equal(["a", "b"], pool.Names);
        Assert.All(_made, e => Assert.Equal(1, e.Starts));
    }

    [Fact]
    public async Task A_session_ends_when_it_was_unused_for_too_long_and_not_before()
    {
        await using CodeSessionPool pool = Pool(new());
        CodeSessionLease lease = await pool.AcquireAsync("a", Ct);
        _clock.Advance(Idle * 3);
        Assert.Equal(1, pool.Count);
        await lease.DisposeAsync();
        _clock.Advance(Idle - TimeSpan.FromSeconds(1));
        Assert.Equal(1, pool.Count);

        await (await pool.AcquireAsync("a", Ct)).DisposeAsync();
        _clock.Advance(Idle - TimeSpan.FromSeconds(1));
        Assert.Equal(1, pool.Count);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, pool.Count);
        await Eventually.HoldsAsync(() => _made[0].IsDisposed, "the executor is disposed");
        await using CodeSessionLease fresh = await pool.AcquireAsync("a", Ct);
        Assert.True(fresh.IsNew);
        Assert.Equal(2, _made.Count);
    }

    [Fact]
    public async Task A_lease_that_is_disposed_twice_gives_the_session_back_once()
    {
        await using CodeSessionPool pool = Pool(new());
        CodeSessionLease first = await pool.AcquireAsync("a", Ct);
        await using CodeSessionLease second = await pool.AcquireAsync("a", Ct);
        await first.DisposeAsync();
        await first.DisposeAsync();
        _clock.Advance(Idle * 2);
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public async Task A_full_pool_ends_the_session_that_was_unused_for_longest()
    {
        await using CodeSessionPool pool = Pool(new() { MaxSessions = 2 });
        CodeSessionLease a = await pool.AcquireAsync("a", Ct);
        await (await pool.AcquireAsync("b", Ct)).DisposeAsync();
        _clock.Advance(TimeSpan.FromSeconds(1));
        await a.DisposeAsync();
        await using CodeSessionLease c = await pool.AcquireAsync("c", Ct);
        Assert.Equal(["a", "c"], pool.Names);
        await Eventually.HoldsAsync(() => _made[1].IsDisposed, "the executor is disposed");
        Assert.False(_made[0].IsDisposed);
    }

    [Theory]
    [InlineData(FullPoolBehavior.EndLeastRecentlyUsed)]
    [InlineData(FullPoolBehavior.Refuse)]
    public async Task A_pool_whose_sessions_are_all_in_use_refuses(FullPoolBehavior whenFull)
    {
        await using CodeSessionPool pool = Pool(new() { MaxSessions = 1, WhenFull = whenFull });
        await using CodeSessionLease a = await pool.AcquireAsync("a", Ct);
        CodeExecutionException e = await Assert.ThrowsAsync<CodeExecutionException>(() => pool.AcquireAsync("b", Ct).AsTask());
        Assert.Equal("too-many-sessions", e.Code);
        Assert.Equal(["a"], pool.Names);
    }

    [Fact]
    public async Task A_pool_that_refuses_keeps_unused_sessions()
    {
        await using CodeSessionPool pool = Pool(new() { MaxSessions = 1, WhenFull = FullPoolBehavior.Refuse });
        await (await pool.AcquireAsync("a", Ct)).DisposeAsync();
        await Assert.ThrowsAsync<CodeExecutionException>(() => pool.AcquireAsync("b", Ct).AsTask());
        Assert.True(await pool.EndAsync("a"));
        await using CodeSessionLease b = await pool.AcquireAsync("b", Ct);
        Assert.Equal(["b"], pool.Names);
    }

    [Fact]
    public async Task Ending_a_session_disposes_its_executor_and_the_name_begins_anew()
    {
        await using CodeSessionPool pool = Pool(new());
        await using CodeSessionLease lease = await pool.AcquireAsync("a", Ct);
        Assert.True(await pool.EndAsync("a"));
        Assert.True(_made[0].IsDisposed);
        Assert.False(await pool.EndAsync("a"));
        await using CodeSessionLease again = await pool.AcquireAsync("a", Ct);
        Assert.True(again.IsNew);
    }

    [Fact]
    public async Task An_executor_that_does_not_start_leaves_no_session()
    {
        await using CodeSessionPool pool = new(() =>
        {
            FakeExecutor executor = new() { OnStart = _ => throw new SandboxUnavailableException("broken", "It is broken.") };
            _made.Add(executor);
            return executor;
        });
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.AcquireAsync("a", Ct).AsTask());
        Assert.Equal("broken", e.Code);
        Assert.Equal(0, pool.Count);
        Assert.True(_made[0].IsDisposed);
        await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.AcquireAsync("a", Ct).AsTask());
        Assert.Equal(2, _made.Count);
    }

    [Fact]
    public async Task Giving_up_the_wait_for_a_start_leaves_it_to_others()
    {
        TaskCompletionSource start = new();
        await using CodeSessionPool pool = new(() => new FakeExecutor { OnStart = start.Task.WaitAsync }, timeProvider: _clock);
        using CancellationTokenSource cancellation = new();
        Task<CodeSessionLease> impatient = pool.AcquireAsync("a", cancellation.Token).AsTask();
        Task<CodeSessionLease> patient = pool.AcquireAsync("a", Ct).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        start.SetResult();
        await using CodeSessionLease lease = await patient;
        Assert.True(lease.IsNew);
        _clock.Advance(Idle * 2);
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public async Task Disposal_ends_all_sessions_those_that_start_too()
    {
        CodeSessionPool pool = Pool(new());
        await using CodeSessionLease a = await pool.AcquireAsync("a", Ct);
        await (await pool.AcquireAsync("b", Ct)).DisposeAsync();
        _onStart = ct => Task.Delay(Timeout.Infinite, ct);
        Task<CodeSessionLease> starting = pool.AcquireAsync("c", Ct).AsTask();
        await pool.DisposeAsync();
        Assert.All(_made, e => Assert.True(e.IsDisposed));
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => starting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.AcquireAsync("a", Ct).AsTask());
    }

    [Fact]
    public async Task A_session_keeps_its_first_name_and_the_last_of_the_others()
    {
        await using CodeSessionPool pool = Pool(new());
        await using CodeSessionLease lease = await pool.AcquireAsync("first", Ct);
        for (int i = 0; i < 100; i++)
        {
            pool.Link("first", $"other-{i}");
        }

        Assert.NotNull(pool.Find("first"));
        Assert.NotNull(pool.Find("other-99"));
        Assert.Null(pool.Find("other-0"));
        Assert.Equal(1, pool.Count);
        await pool.EndAsync("other-99");
        Assert.Null(pool.Find("first"));
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused_at_once()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSessionPoolOptions { MaxSessions = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSessionPoolOptions { IdleTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSessionPoolOptions { IdleTimeout = TimeSpan.FromDays(30) });
    }

    private Func<CancellationToken, Task> _onStart = _ => Task.CompletedTask;

    private CodeSessionPool Pool(CodeSessionPoolOptions options) => new(
        () =>
        {
            FakeExecutor executor = new() { OnStart = _onStart };
            _made.Add(executor);
            return executor;
        },
        options,
        timeProvider: _clock);
}
