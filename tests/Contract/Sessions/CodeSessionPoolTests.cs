using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Contract.Sessions;

/// <summary>The sessions of a pool: their names, their number, and how they end.</summary>
public sealed class CodeSessionPoolTests
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(20);

    private readonly FakeTimeProvider _clock = new();
    private readonly PoolSetup _setup = new();

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
        Assert.All(_setup.Made, e => Assert.Equal(["start"], e.Calls));
    }

    [Fact]
    public async Task A_session_without_a_name_is_a_new_one_each_time_and_ends_with_its_lease()
    {
        await using CodeSessionPool pool = Pool(new());
        CodeSessionLease first = await pool.RentAsync(Ct);
        await using CodeSessionLease second = await pool.RentAsync(Ct);
        Assert.NotSame(first.Executor, second.Executor);
        Assert.Equal((true, true, 2), (first.IsNew, second.IsNew, pool.Count));
        Assert.Empty(pool.Names);
        _clock.Advance(Idle * 3);
        Assert.Equal(2, pool.Count);
        await first.DisposeAsync();
        await first.DisposeAsync();
        Assert.Equal(1, pool.Count);
        Assert.True(PoolSetup.IsDisposed(first.Executor));
        Assert.False(PoolSetup.IsDisposed(second.Executor));
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
        await using CodeSessionLease fresh = await pool.AcquireAsync("a", Ct);
        Assert.True(fresh.IsNew);
        Assert.Equal(2, _setup.Made.Count);
        await pool.DisposeAsync();
        Assert.True(PoolSetup.IsDisposed(lease.Executor));
    }

    [Fact]
    public async Task A_session_ends_after_its_lifetime_even_while_it_is_in_use()
    {
        await using CodeSessionPool pool = Pool(new() { MaxLifetime = TimeSpan.FromHours(1), IdleTimeout = TimeSpan.FromMinutes(50) });
        await using CodeSessionLease used = await pool.AcquireAsync("used", Ct);
        await using CodeSessionLease rented = await pool.RentAsync(Ct);
        _clock.Advance(TimeSpan.FromMinutes(30));
        await (await pool.AcquireAsync("idle", Ct)).DisposeAsync();
        await (await pool.AcquireAsync("used", Ct)).DisposeAsync();
        _clock.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromSeconds(1));
        Assert.Equal(3, pool.Count);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["idle"], pool.Names);
        Assert.Equal(1, pool.Count);
        await using CodeSessionLease again = await pool.AcquireAsync("used", Ct);
        Assert.True(again.IsNew);
        await used.DisposeAsync();
        Assert.Equal(["idle", "used"], pool.Names);
        await pool.DisposeAsync();
        Assert.True(PoolSetup.IsDisposed(used.Executor));
    }

    [Fact]
    public async Task Lifetimes_without_a_limit_end_nothing()
    {
        await using CodeSessionPool pool = Pool(new() { IdleTimeout = Timeout.InfiniteTimeSpan });
        await (await pool.AcquireAsync("a", Ct)).DisposeAsync();
        _clock.Advance(TimeSpan.FromDays(1000));
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public async Task A_timer_that_fires_while_the_session_is_taken_up_again_ends_nothing()
    {
        HeldTimers clock = new();
        await using CodeSessionPool pool = new(_setup.Make, new() { StartedAhead = 0 }, timeProvider: clock);
        await (await pool.AcquireAsync("a", Ct)).DisposeAsync();
        clock.Now += Idle - TimeSpan.FromTicks(1);
        CodeSessionLease lease = await pool.AcquireAsync("a", Ct);
        clock.Now += Idle;
        clock.FireAll();
        Assert.Equal(1, pool.Count);
        Assert.False(lease.IsNew);

        await lease.DisposeAsync();
        clock.FireAll();
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public async Task A_session_whose_time_is_over_is_not_given_out_even_when_its_timer_is_late()
    {
        HeldTimers clock = new();
        await using CodeSessionPool pool = new(_setup.Make, new() { StartedAhead = 0 }, timeProvider: clock);
        await (await pool.AcquireAsync("a", Ct)).DisposeAsync();
        clock.Now += Idle;
        await using CodeSessionLease lease = await pool.AcquireAsync("a", Ct);
        Assert.True(lease.IsNew);
        clock.FireAll();
        Assert.Equal(["a"], pool.Names);
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

    [Theory]
    [InlineData(FullPoolBehavior.EndLeastRecentlyUsed)]
    [InlineData(FullPoolBehavior.Wait)]
    public async Task A_full_pool_ends_the_session_that_was_unused_for_longest(FullPoolBehavior whenFull)
    {
        await using CodeSessionPool pool = Pool(new() { MaxSessions = 2, WhenFull = whenFull });
        CodeSessionLease a = await pool.AcquireAsync("a", Ct);
        CodeSessionLease b = await pool.AcquireAsync("b", Ct);
        await b.DisposeAsync();
        _clock.Advance(TimeSpan.FromSeconds(1));
        await a.DisposeAsync();
        await using CodeSessionLease c = await pool.AcquireAsync("c", Ct);
        Assert.Equal(["a", "c"], pool.Names);
        Assert.False(PoolSetup.IsDisposed(a.Executor));
        await pool.DisposeAsync();
        Assert.True(PoolSetup.IsDisposed(b.Executor));
    }

    [Theory]
    [InlineData(FullPoolBehavior.EndLeastRecentlyUsed)]
    [InlineData(FullPoolBehavior.Refuse)]
    public async Task A_pool_with_all_sessions_in_use_refuses(FullPoolBehavior whenFull)
    {
        await using CodeSessionPool pool = Pool(new() { MaxSessions = 1, WhenFull = whenFull });
        await using CodeSessionLease a = await pool.AcquireAsync("a", Ct);
        CodeExecutionException e = await Assert.ThrowsAsync<CodeExecutionException>(() => pool.AcquireAsync("b", Ct).AsTask());
        Assert.Equal("too-many-sessions", e.Code);
        Assert.Equal("too-many-sessions", (await Assert.ThrowsAsync<CodeExecutionException>(() => pool.RentAsync(Ct).AsTask())).Code);
        Assert.Equal(["a"], pool.Names);
        await using CodeSessionLease again = await pool.AcquireAsync("a", Ct);
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
    public async Task A_pool_that_waits_has_room_when_a_session_ends_or_is_given_back()
    {
        await using CodeSessionPool pool = Pool(new() { MaxSessions = 2, WhenFull = FullPoolBehavior.Wait });
        CodeSessionLease rented = await pool.RentAsync(Ct);
        CodeSessionLease named = await pool.AcquireAsync("a", Ct);
        Task<CodeSessionLease> third = pool.RentAsync(Ct).AsTask();
        Assert.False(third.IsCompleted);
        await rented.DisposeAsync();
        await rented.DisposeAsync();
        CodeSessionLease got = await third;
        Task<CodeSessionLease> fourth = pool.AcquireAsync("b", Ct).AsTask();
        Assert.False(fourth.IsCompleted);
        await named.DisposeAsync();
        await using CodeSessionLease last = await fourth;
        Assert.Equal(["b"], pool.Names);
        Assert.Equal(4, _setup.Made.Count);

        using CancellationTokenSource cancellation = new();
        Task<CodeSessionLease> impatient = pool.RentAsync(cancellation.Token).AsTask();
        Task<CodeSessionLease> patient = pool.RentAsync(Ct).AsTask();
        await cancellation.CancelAsync();
        Assert.Equal(cancellation.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient)).CancellationToken);
        Assert.False(patient.IsCompleted);
        await pool.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => patient);
        await got.DisposeAsync();
    }

    [Fact]
    public async Task A_pool_that_waits_serves_all_who_wait_one_after_the_other()
    {
        await using CodeSessionPool pool = Pool(new() { MaxSessions = 2, WhenFull = FullPoolBehavior.Wait });
        int inUse = 0, most = 0;
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            await using CodeSessionLease lease = await pool.RentAsync(Ct);
            lock (_setup)
            {
                most = Math.Max(most, ++inUse);
            }

            await Task.Yield();
            lock (_setup)
            {
                inUse--;
            }
        }));
        Assert.Equal(50, _setup.Made.Count);
        Assert.InRange(most, 1, 2);
        Assert.Equal(0, pool.Count);
    }

    [Fact]
    public async Task Ending_a_session_disposes_its_executor_and_its_name_begins_another()
    {
        await using CodeSessionPool pool = Pool(new());
        await using CodeSessionLease lease = await pool.AcquireAsync("a", Ct);
        Assert.True(await pool.EndAsync("a"));
        Assert.True(PoolSetup.IsDisposed(lease.Executor));
        Assert.False(await pool.EndAsync("a"));
        await using CodeSessionLease again = await pool.AcquireAsync("a", Ct);
        Assert.True(again.IsNew);
        await lease.DisposeAsync();
        _clock.Advance(Idle * 2);
        Assert.Equal(["a"], pool.Names);
    }

    [Fact]
    public async Task A_session_that_is_ended_while_it_starts_ends_its_start_and_tells_those_who_wait()
    {
        TaskCompletionSource starting = new();
        _setup.OnStart = cancellationToken =>
        {
            starting.SetResult();
            return Task.Delay(Timeout.Infinite, cancellationToken);
        };
        await using CodeSessionPool pool = Pool(new());
        Task<CodeSessionLease>[] waiting = [pool.AcquireAsync("a", Ct).AsTask(), pool.AcquireAsync("a", Ct).AsTask()];
        await starting.Task;
        Assert.True(await pool.EndAsync("a"));
        Assert.True(PoolSetup.IsDisposed(Assert.Single(_setup.Made)));
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => waiting[0]);
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => waiting[1]);
        Assert.Equal(0, pool.Count);
        _setup.OnStart = _ => Task.CompletedTask;
        await using CodeSessionLease again = await pool.AcquireAsync("a", Ct);
        Assert.True(again.IsNew);
    }

    [Fact]
    public async Task An_executor_that_does_not_start_leaves_no_session()
    {
        _setup.OnStart = _ => throw new SandboxUnavailableException("broken", "It is broken.");
        await using CodeSessionPool pool = Pool(new());
        SandboxUnavailableException e = await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.AcquireAsync("a", Ct).AsTask());
        Assert.Equal("broken", e.Code);
        Assert.Equal(0, pool.Count);
        Assert.True(PoolSetup.IsDisposed(Assert.Single(_setup.Made)));
        await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.AcquireAsync("a", Ct).AsTask());
        Assert.Equal(2, _setup.Made.Count);
    }

    [Fact]
    public async Task Giving_up_the_wait_for_a_start_leaves_it_to_others()
    {
        TaskCompletionSource start = new();
        _setup.OnStart = start.Task.WaitAsync;
        await using CodeSessionPool pool = Pool(new());
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
        Assert.Single(_setup.Made);
    }

    [Fact]
    public async Task Disposal_ends_all_sessions_those_that_start_too()
    {
        CodeSessionPool pool = Pool(new());
        await using CodeSessionLease a = await pool.AcquireAsync("a", Ct);
        await (await pool.AcquireAsync("b", Ct)).DisposeAsync();
        _setup.OnStart = ct => Task.Delay(Timeout.Infinite, ct);
        Task<CodeSessionLease> starting = pool.AcquireAsync("c", Ct).AsTask();
        Task<CodeSessionLease> renting = pool.RentAsync(Ct).AsTask();
        await pool.DisposeAsync();
        Assert.All(_setup.Made, e => Assert.True(PoolSetup.IsDisposed(e)));
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => starting);
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => renting);
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

        Assert.Same(lease.Executor, pool.Find("first"));
        Assert.Same(lease.Executor, pool.Find("other-99"));
        Assert.Null(pool.Find("other-0"));
        Assert.Equal(1, pool.Count);
        await pool.EndAsync("other-99");
        Assert.Null(pool.Find("first"));
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused_at_once()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSessionPoolOptions { MaxSessions = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSessionPoolOptions { StartedAhead = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSessionPoolOptions { MaxConcurrentStarts = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSessionPoolOptions { MaxConcurrentStarts = 1001 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSessionPoolOptions { IdleTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSessionPoolOptions { IdleTimeout = TimeSpan.FromDays(30) });
        Assert.Throws<ArgumentOutOfRangeException>("MaxLifetime", () => new CodeSessionPoolOptions { MaxLifetime = TimeSpan.Zero });
        Assert.Throws<ArgumentNullException>(() => new CodeSessionPool(null!));
    }

    /// <summary>Nothing is started ahead here: each executor is that of a session.</summary>
    private CodeSessionPool Pool(CodeSessionPoolOptions options)
    {
        options.StartedAhead = 0;
        return new CodeSessionPool(_setup.Make, options, timeProvider: _clock);
    }

    /// <summary>A clock with timers that fire when a test says so: early, late, or at the same moment as a call.</summary>
    private sealed class HeldTimers : TimeProvider
    {
        private readonly List<HeldTimer> _timers = [];

        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void FireAll() => _timers.ForEach(t => t.Fire());

        public override long GetTimestamp() => Now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            HeldTimer timer = new(() => callback(state));
            _timers.Add(timer);
            return timer;
        }

        private sealed class HeldTimer(Action fire) : ITimer
        {
            public void Fire() => fire();

            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
