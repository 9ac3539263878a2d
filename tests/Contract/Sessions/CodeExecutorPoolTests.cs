using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Contract.Sessions;

public sealed class CodeExecutorPoolTests
{
    private readonly ConcurrentQueue<ScriptedExecutor> _made = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private ScriptedExecutor Make() => Make(_ => Task.CompletedTask);

    private ScriptedExecutor Make(Func<CancellationToken, Task> lifecycle)
    {
        ScriptedExecutor executor = new() { Lifecycle = lifecycle };
        _made.Enqueue(executor);
        return executor;
    }

    private static bool IsDisposed(ScriptedExecutor executor) => executor.Calls.Contains("dispose");

    [Fact]
    public async Task Nothing_is_started_before_the_first_call()
    {
        await using CodeExecutorPool pool = new(Make);
        Assert.Empty(_made);
        await pool.FillAsync(Ct);
        Assert.Equal(2, _made.Count);
        Assert.All(_made, e => Assert.Equal(["start"], e.Calls));
        Assert.Equal(2, pool.ReadyCount);
    }

    [Fact]
    public async Task Each_executor_is_handed_out_once_and_another_is_started_in_its_place()
    {
        await using CodeExecutorPool pool = new(Make, new() { Size = 3 });
        await pool.FillAsync(Ct);
        HashSet<object> taken = [];
        for (int i = 0; i < 10; i++)
        {
            await using ICodeExecutor executor = await pool.TakeAsync(Ct);
            Assert.True(taken.Add(executor.GetService(typeof(ScriptedExecutor))!));
        }

        await pool.FillAsync(Ct);
        Assert.Equal(3, pool.ReadyCount);
        Assert.Equal(13, _made.Count);
        Assert.Equal(10, _made.Count(IsDisposed));
    }

    [Fact]
    public async Task The_next_are_started_a_moment_after_a_take_however_many_follow_it()
    {
        FakeTimeProvider clock = new();
        DateTimeOffset started = clock.GetUtcNow();
        Channel<TimeSpan> made = Channel.CreateUnbounded<TimeSpan>();
        await using CodeExecutorPool pool = new(
            () =>
            {
                Assert.True(made.Writer.TryWrite(clock.GetUtcNow() - started));
                return Make();
            },
            new() { Size = 3 },
            timeProvider: clock);
        await pool.FillAsync(Ct);
        Assert.Equal([TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero], await TakeAsync(3));

        await pool.TakeAsync(Ct);
        await StartsBeginAsync();
        clock.Advance(TimeSpan.FromMilliseconds(30));
        await (await pool.TakeAsync(Ct)).DisposeAsync();
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
    public async Task Who_comes_while_the_next_start_is_put_off_has_not_to_wait_for_it()
    {
        // The clock stands still: what is put off never begins.
        await using CodeExecutorPool pool = new(Make, new() { Size = 1 }, timeProvider: new FakeTimeProvider());
        for (int i = 0; i < 3; i++)
        {
            await pool.TakeAsync(Ct);
            await pool.FillAsync(Ct);
        }

        await pool.TakeAsync(Ct);
        await pool.TakeAsync(Ct);
    }

    [Fact]
    public async Task A_taken_executor_is_started_and_works()
    {
        await using CodeExecutorPool pool = new(Make);
        await using ICodeExecutor executor = await pool.TakeAsync(Ct);
        Assert.Equal("hello", (await executor.ExecuteCodeBlocksAsync([new("any", "hello")], Ct)).Output);
        Assert.NotNull(executor.GetService<ScriptedExecutor>());
    }

    [Fact]
    public async Task Who_comes_when_none_is_ready_gets_the_first_that_is()
    {
        TaskCompletionSource go = new();
        await using CodeExecutorPool pool = new(() => Make(_ => go.Task), new() { Size = 1 });
        Task<ICodeExecutor>[] wanted = [.. Enumerable.Range(0, 5).Select(_ => pool.TakeAsync(Ct))];
        Assert.All(wanted, w => Assert.False(w.IsCompleted));
        go.SetResult();
        ICodeExecutor[] got = await Task.WhenAll(wanted);
        Assert.Equal(5, got.Select(e => e.GetService<ScriptedExecutor>()).Distinct().Count());
    }

    [Fact]
    public async Task Starts_go_on_side_by_side_up_to_their_number()
    {
        int running = 0, most = 0;
        await using CodeExecutorPool pool = new(
            () => Make(async cancellationToken =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref running));
                await Task.Yield();
                Interlocked.Decrement(ref running);
            }),
            new() { Size = 40, MaxConcurrentStarts = 3 });
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
    public async Task There_are_no_more_than_allowed_and_who_wants_another_waits_for_a_disposal()
    {
        await using CodeExecutorPool pool = new(Make, new() { Size = 5, MaxExecutors = 2 });
        await pool.FillAsync(Ct);
        Assert.Equal(2, _made.Count);
        ICodeExecutor first = await pool.TakeAsync(Ct);
        ICodeExecutor second = await pool.TakeAsync(Ct);
        Task<ICodeExecutor> third = pool.TakeAsync(Ct);
        Assert.False(third.IsCompleted);
        await first.DisposeAsync();
        await first.DisposeAsync();
        Task<ICodeExecutor> fourth = pool.TakeAsync(Ct);
        ICodeExecutor got = await third;
        Assert.Equal(3, _made.Count);
        Assert.False(fourth.IsCompleted);
        await got.DisposeAsync();
        await second.DisposeAsync();
        await (await fourth).DisposeAsync();
    }

    [Fact]
    public async Task A_failed_start_is_told_to_who_waits_and_the_pool_recovers()
    {
        bool fails = true;
        SandboxUnavailableException failure = new("broken", "It is broken.");
        CollectingLogger log = new();
        await using CodeExecutorPool pool = new(() => Make(_ => fails ? Task.FromException(failure) : Task.CompletedTask), new() { Size = 1 }, log);
        Assert.Same(failure, await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.FillAsync(Ct)));
        Assert.Same(failure, await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.TakeAsync(Ct)));
        Assert.Contains(log.Entries, e => e.Level == LogLevel.Warning);
        Assert.InRange(_made.Count, 2, 4);
        await Eventually.HoldsAsync(() => _made.All(IsDisposed), "what could not be started is disposed");
        fails = false;
        await using ICodeExecutor executor = await pool.TakeAsync(Ct);
        await pool.FillAsync(Ct);
        Assert.Equal(1, pool.ReadyCount);
    }

    [Fact]
    public async Task A_factory_that_throws_is_a_failed_start()
    {
        await using CodeExecutorPool pool = new(() => throw new ArgumentException("No."), new() { Size = 1 });
        await Assert.ThrowsAsync<ArgumentException>(() => pool.TakeAsync(Ct));
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_executor_to_the_next()
    {
        TaskCompletionSource go = new();
        await using CodeExecutorPool pool = new(() => Make(_ => go.Task), new() { Size = 1, MaxExecutors = 1 });
        using CancellationTokenSource cancellation = new();
        Task<ICodeExecutor> first = pool.TakeAsync(cancellation.Token);
        Task<ICodeExecutor> second = pool.TakeAsync(Ct);
        await cancellation.CancelAsync();
        Assert.Equal(cancellation.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first)).CancellationToken);
        go.SetResult();
        await using ICodeExecutor executor = await second;
        Assert.Single(_made);
    }

    [Fact]
    public async Task Disposal_ends_what_nobody_has_taken_and_only_that()
    {
        CodeExecutorPool pool = new(Make, new() { Size = 3 });
        await pool.FillAsync(Ct);
        ICodeExecutor taken = await pool.TakeAsync(Ct);
        await pool.FillAsync(Ct);
        await pool.DisposeAsync();
        await pool.DisposeAsync();
        ScriptedExecutor mine = taken.GetService<ScriptedExecutor>()!;
        Assert.False(IsDisposed(mine));
        Assert.All(_made.Except([mine]), e => Assert.True(IsDisposed(e)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.TakeAsync(Ct));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.FillAsync(Ct));
        await taken.DisposeAsync();
        Assert.True(IsDisposed(mine));
    }

    [Fact]
    public async Task Disposal_gives_up_starts_that_are_under_way_and_tells_who_waits()
    {
        CodeExecutorPool pool = new(() => Make(cancellationToken => Task.Delay(Timeout.Infinite, cancellationToken)));
        Task<ICodeExecutor> wanted = pool.TakeAsync(Ct);
        await Eventually.HoldsAsync(() => _made.Any(e => e.Calls.Contains("start")), "a start is under way");
        await pool.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => wanted);
        Assert.All(_made, e => Assert.True(IsDisposed(e)));
    }

    [Fact]
    public void Options_are_checked_at_once()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeExecutorPoolOptions { Size = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeExecutorPoolOptions { MaxExecutors = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeExecutorPoolOptions { MaxConcurrentStarts = 1001 });
        Assert.Throws<ArgumentNullException>(() => new CodeExecutorPool(null!));
    }

    [Fact]
    public async Task Sandboxes_of_a_pool_share_nothing_and_leave_nothing_behind()
    {
        string marker = HostProcesses.NewMarker();
        await using (CodeExecutorPool pool = new(() => new BubblewrapCommandLineCodeExecutor()))
        {
            await pool.FillAsync(Ct);
            foreach (string owner in new[] { "first", "second", "third" })
            {
                await using ICodeExecutor executor = await pool.TakeAsync(Ct);
                CodeResult result = await executor.ExecuteCodeBlocksAsync(
                    [new("bash", $"ls | grep -v tmp_code; ls -A /tmp; touch {owner} /tmp/{owner}; (exec -a {marker} sleep 600) & echo done")], Ct);
                Assert.Equal("done\n", result.Output);
            }
        }

        await HostProcesses.AreGoneAsync(marker);
    }

    [Fact]
    public async Task A_pooled_sandbox_answers_faster_than_one_that_has_to_be_started()
    {
        await using CodeExecutorPool pool = new(() => new BubblewrapCommandLineCodeExecutor(), new() { Size = 1 });
        TimeSpan pooled = TimeSpan.MaxValue, fresh = TimeSpan.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            await pool.FillAsync(Ct);
            pooled = Least(pooled, await TimeAsync(() => pool.TakeAsync(Ct)));
            fresh = Least(fresh, await TimeAsync(async () =>
            {
                BubblewrapCommandLineCodeExecutor executor = new();
                await executor.StartAsync(Ct);
                return executor;
            }));
        }

        Assert.True(pooled < fresh, $"pooled {pooled.TotalMilliseconds} ms, fresh {fresh.TotalMilliseconds} ms");

        static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

        static async Task<TimeSpan> TimeAsync(Func<Task<ICodeExecutor>> get)
        {
            long started = Stopwatch.GetTimestamp();
            await using ICodeExecutor executor = await get();
            Assert.Equal("1\n", (await executor.ExecuteCodeBlocksAsync([new("python", "print(1)")], Ct)).Output);
            return Stopwatch.GetElapsedTime(started);
        }
    }
}
