using System.Diagnostics;
using System.Threading.Channels;
using Glovebox.Sandboxes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Contract.Sessions;

/// <summary>The executors of a pool that are started ahead of need, and sessions without a name.</summary>
public sealed class StartedAheadTests
{
    private readonly PoolSetup _setup = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_started_before_the_first_call()
    {
        await using CodeSessionPool pool = new(_setup.Make, new() { StartedAhead = 2 });
        Assert.Empty(_setup.Made);
        await pool.FillAsync(Ct);
        Assert.Equal(2, _setup.Made.Count);
        Assert.All(_setup.Made, e => Assert.Equal(["start"], e.Calls));
        Assert.Equal((2, 0), (pool.ReadyCount, pool.Count));
    }

    [Fact]
    public async Task Each_executor_serves_one_session_and_another_is_started_in_its_place()
    {
        await using CodeSessionPool pool = new(_setup.Make, new() { StartedAhead = 3 });
        await pool.FillAsync(Ct);
        HashSet<object> taken = [];
        for (int i = 0; i < 10; i++)
        {
            await using CodeSessionLease lease = i % 2 == 0 ? await pool.RentAsync(Ct) : await pool.AcquireAsync("named", Ct);
            Assert.True(lease.IsNew);
            Assert.True(taken.Add(lease.Executor));
            await pool.EndAsync("named");
        }

        await pool.FillAsync(Ct);
        Assert.Equal((3, 0), (pool.ReadyCount, pool.Count));
        Assert.Equal(13, _setup.Made.Count);
        Assert.Equal(10, _setup.Made.Count(PoolSetup.IsDisposed));
    }

    [Fact]
    public async Task The_next_are_started_a_moment_after_a_session_begins_however_many_follow_it()
    {
        FakeTimeProvider clock = new();
        DateTimeOffset started = clock.GetUtcNow();
        Channel<TimeSpan> made = Channel.CreateUnbounded<TimeSpan>();
        await using CodeSessionPool pool = new(
            () =>
            {
                Assert.True(made.Writer.TryWrite(clock.GetUtcNow() - started));
                return _setup.Make();
            },
            new() { StartedAhead = 3 },
            timeProvider: clock);
        await pool.FillAsync(Ct);
        Assert.Equal([TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero], await TakeAsync(3));

        await pool.RentAsync(Ct);
        await StartsBeginAsync();
        clock.Advance(TimeSpan.FromMilliseconds(30));
        await (await pool.RentAsync(Ct)).DisposeAsync();
        await StartsBeginAsync();
        clock.Advance(TimeSpan.FromMilliseconds(19));
        await StartsBeginAsync();
        clock.Advance(TimeSpan.FromMilliseconds(1));
        TimeSpan moment = TimeSpan.FromMilliseconds(50);
        Assert.Equal([moment, moment], await TakeAsync(2));

        async Task<TimeSpan[]> TakeAsync(int count)
        {
            TimeSpan[] times = new TimeSpan[count];
            for (int i = 0; i < count; i++)
            {
                times[i] = await made.Reader.ReadAsync(Ct);
            }

            return times;
        }

        // A start that had been asked for would have begun after this.
        static Task StartsBeginAsync() => Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(Thread.Yield, Ct)));
    }

    [Fact]
    public async Task A_session_that_has_to_start_its_own_executor_shares_the_machine_with_no_other_start()
    {
        FakeTimeProvider clock = new();
        TaskCompletionSource go = new();
        TaskCompletionSource second = new();
        _setup.OnStart = _ => go.Task;
        await using CodeSessionPool pool = new(
            () =>
            {
                if (_setup.Made.Count == 1)
                {
                    second.SetResult();
                }

                return _setup.Make();
            },
            timeProvider: clock);
        Task<CodeSessionLease> first = pool.AcquireAsync("a", Ct).AsTask();
        clock.Advance(TimeSpan.FromHours(1));
        go.SetResult();
        await using CodeSessionLease lease = await first;
        Assert.Single(_setup.Made);
        clock.Advance(TimeSpan.FromMilliseconds(50));
        await second.Task.WaitAsync(Ct);
    }

    [Fact]
    public async Task A_session_that_begins_while_the_next_start_is_put_off_does_not_wait_for_it()
    {
        // The clock stands still: what is put off never begins.
        await using CodeSessionPool pool = new(_setup.Make, timeProvider: new FakeTimeProvider());
        for (int i = 0; i < 3; i++)
        {
            await pool.RentAsync(Ct);
            await pool.FillAsync(Ct);
        }

        await pool.RentAsync(Ct);
        await pool.RentAsync(Ct);
    }

    [Fact]
    public async Task A_session_that_begins_while_an_executor_starts_gets_that_one()
    {
        TaskCompletionSource go = new();
        _setup.OnStart = _ => go.Task;
        await using CodeSessionPool pool = new(_setup.Make, new() { StartedAhead = 2 }, timeProvider: new FakeTimeProvider());
        Task filling = pool.FillAsync(Ct);
        Task<CodeSessionLease>[] wanted = [.. Enumerable.Range(0, 5).Select(i => pool.AcquireAsync($"{i}", Ct).AsTask())];
        Assert.All(wanted, w => Assert.False(w.IsCompleted));
        Assert.False(filling.IsCompleted);
        go.SetResult();
        CodeSessionLease[] got = await Task.WhenAll(wanted);
        await filling;
        Assert.Equal(5, got.Select(e => e.Executor).Distinct().Count());
        Assert.Equal(5, _setup.Made.Count);
    }

    [Fact]
    public async Task Starts_go_on_side_by_side_up_to_their_number()
    {
        int running = 0, most = 0;
        _setup.OnStart = async _ =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref running));
            await Task.Yield();
            Interlocked.Decrement(ref running);
        };
        await using CodeSessionPool pool = new(_setup.Make, new() { StartedAhead = 40, MaxConcurrentStarts = 3 });
        await pool.FillAsync(Ct);
        Assert.Equal(40, pool.ReadyCount);
        Assert.InRange(most, 1, 3);

        static void InterlockedMax(ref int target, int value)
        {
            for (int seen = target; seen < value; seen = target)
            {
                Interlocked.CompareExchange(ref target, value, seen);
            }
        }
    }

    [Fact]
    public async Task A_failed_start_is_told_to_those_who_wait_and_the_pool_recovers()
    {
        SandboxUnavailableException failure = new("broken", "It is broken.");
        _setup.OnStart = _ => Task.FromException(failure);
        CollectingLogger log = new();
        await using CodeSessionPool pool = new(_setup.Make, loggerFactory: log);
        Assert.Same(failure, await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.FillAsync(Ct)));
        Assert.Contains(log.Entries, e => e.Level == LogLevel.Warning);
        Assert.Same(failure, await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.RentAsync(Ct).AsTask()));
        Assert.Same(failure, await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.AcquireAsync("a", Ct).AsTask()));
        Assert.All(_setup.Made, e => Assert.True(PoolSetup.IsDisposed(e)));
        Assert.Equal((0, 0), (pool.ReadyCount, pool.Count));
        _setup.OnStart = _ => Task.CompletedTask;
        await using CodeSessionLease lease = await pool.RentAsync(Ct);
        await pool.FillAsync(Ct);
        Assert.Equal((1, 1), (pool.ReadyCount, pool.Count));
    }

    [Fact]
    public async Task A_factory_that_throws_or_gives_null_is_a_failed_start()
    {
        await using CodeSessionPool throwing = new(() => throw new ArgumentException("No."));
        await Assert.ThrowsAsync<ArgumentException>(() => throwing.RentAsync(Ct).AsTask());
        await using CodeSessionPool empty = new(() => null!);
        await Assert.ThrowsAsync<InvalidOperationException>(() => empty.AcquireAsync("a", Ct).AsTask());
        Assert.Equal(0, empty.Count);
    }

    [Fact]
    public async Task An_executor_whose_sandbox_ended_before_it_was_taken_is_not_given_out()
    {
        await using CodeSessionPool pool = new(_setup.Make, new() { StartedAhead = 2 });
        await pool.FillAsync(Ct);
        ScriptedExecutor[] waiting = [.. _setup.Made];
        PoolSetup.EndSandbox(waiting[0]);
        Assert.Equal(1, pool.ReadyCount);
        await using CodeSessionLease first = await pool.AcquireAsync("a", Ct);
        Assert.Same(waiting[1], first.Executor);

        await pool.FillAsync(Ct);
        Array.ForEach([.. _setup.Made.Except(waiting)], PoolSetup.EndSandbox);
        await using CodeSessionLease second = await pool.AcquireAsync("b", Ct);
        Assert.False(second.Executor.GetService<ISandbox>()!.Ended.IsCompleted);
        await pool.DisposeAsync();
        Assert.All(_setup.Made, e => Assert.Equal(1, e.Calls.Count(c => c == "dispose")));
    }

    [Fact]
    public async Task An_executor_that_a_caller_gave_up_before_it_started_serves_the_next()
    {
        TaskCompletionSource go = new();
        _setup.OnStart = _ => go.Task;
        await using CodeSessionPool pool = new(_setup.Make, timeProvider: new FakeTimeProvider());
        using CancellationTokenSource cancellation = new();
        Task<CodeSessionLease> first = pool.RentAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        Assert.Equal(cancellation.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first)).CancellationToken);
        Assert.Equal(0, pool.Count);
        go.SetResult();
        await using CodeSessionLease second = await pool.RentAsync(Ct);
        Assert.Single(_setup.Made);
    }

    [Fact]
    public async Task An_executor_that_a_caller_gave_up_ends_where_none_is_to_wait()
    {
        TaskCompletionSource starting = new();
        _setup.OnStart = cancellationToken =>
        {
            starting.SetResult();
            return Task.Delay(Timeout.Infinite, cancellationToken);
        };
        CodeSessionPool pool = new(_setup.Make, new() { StartedAhead = 0 });
        using CancellationTokenSource cancellation = new();
        Task<CodeSessionLease> rented = pool.RentAsync(cancellation.Token).AsTask();
        await starting.Task;
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rented);
        await pool.DisposeAsync();
        Assert.True(PoolSetup.IsDisposed(Assert.Single(_setup.Made)));
    }

    [Fact]
    public async Task A_session_that_is_ended_while_a_fill_waits_for_its_executor_does_not_fail_the_fill()
    {
        TaskCompletionSource go = new();
        _setup.OnStart = go.Task.WaitAsync;
        await using CodeSessionPool pool = new(_setup.Make, timeProvider: new FakeTimeProvider());
        Task filling = pool.FillAsync(Ct);
        Task<CodeSessionLease> taking = pool.AcquireAsync("a", Ct).AsTask();
        Assert.True(await pool.EndAsync("a"));
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => taking);
        go.SetResult();
        await filling;
        Assert.Equal(1, pool.ReadyCount);
    }

    [Fact]
    public async Task Disposal_ends_the_executors_that_wait_those_in_use_and_those_that_start()
    {
        CodeSessionPool pool = new(_setup.Make, new() { StartedAhead = 3 }, timeProvider: new FakeTimeProvider());
        await pool.FillAsync(Ct);
        CodeSessionLease taken = await pool.RentAsync(Ct);
        _setup.OnStart = cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken);
        Task filling = pool.FillAsync(Ct);
        await pool.DisposeAsync();
        await pool.DisposeAsync();
        Assert.All(_setup.Made, e => Assert.Equal(1, e.Calls.Count(c => c == "dispose")));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => filling);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.RentAsync(Ct).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.FillAsync(Ct));
        await taken.DisposeAsync();
    }

    [Fact]
    public async Task Sandboxes_of_a_pool_share_nothing_and_leave_nothing_behind()
    {
        string marker = HostProcesses.NewMarker();
        await using (CodeSessionPool pool = new(() => new BubblewrapCommandLineCodeExecutor(), new() { StartedAhead = 2 }))
        {
            await pool.FillAsync(Ct);
            foreach (string owner in new[] { "first", "second", "third" })
            {
                await using CodeSessionLease lease = await pool.RentAsync(Ct);
                string code = $"ls | grep -v tmp_code; ls -A /tmp; touch {owner} /tmp/{owner}; (exec -a {marker} sleep 600) & echo done";
                CodeResult result = await lease.Executor.ExecuteCodeBlocksAsync([new("bash", code)], Ct);
                Assert.Equal("done\n", result.Output);
            }
        }

        await HostProcesses.AreGoneAsync(marker);
    }

    [Fact]
    public async Task A_new_session_answers_faster_with_an_executor_started_ahead_than_without()
    {
        await using CodeSessionPool ahead = new(() => new BubblewrapCommandLineCodeExecutor());
        await using CodeSessionPool none = new(() => new BubblewrapCommandLineCodeExecutor(), new() { StartedAhead = 0 });
        TimeSpan pooled = TimeSpan.MaxValue, fresh = TimeSpan.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            await ahead.FillAsync(Ct);
            pooled = Least(pooled, await TimeAsync(ahead));
            fresh = Least(fresh, await TimeAsync(none));
        }

        Assert.True(pooled < fresh, $"pooled {pooled.TotalMilliseconds} ms, fresh {fresh.TotalMilliseconds} ms");

        static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

        static async Task<TimeSpan> TimeAsync(CodeSessionPool pool)
        {
            long started = Stopwatch.GetTimestamp();
            await using CodeSessionLease lease = await pool.RentAsync(Ct);
            Assert.Equal("1\n", (await lease.Executor.ExecuteCodeBlocksAsync([new("python", "print(1)")], Ct)).Output);
            return Stopwatch.GetElapsedTime(started);
        }
    }
}
