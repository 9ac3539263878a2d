using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Contract.Sessions;

/// <summary>Sessions with times and executors of their own, and those that must be there already.</summary>
public sealed class SessionOptionsTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly PoolSetup _setup = new();
    private readonly PoolSetup _other = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_has_the_times_of_who_began_it()
    {
        await using CodeSessionPool pool = Pool();
        CodeSessionOptions brief = new() { IdleTimeout = TimeSpan.FromMinutes(1), MaxLifetime = TimeSpan.FromMinutes(3) };
        CodeSessionLease lease = await pool.AcquireAsync("brief", brief, Ct);
        await (await pool.AcquireAsync("plain", Ct)).DisposeAsync();
        await (await pool.AcquireAsync("brief", new CodeSessionOptions { IdleTimeout = TimeSpan.FromHours(1) }, Ct)).DisposeAsync();
        await lease.DisposeAsync();
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(["plain"], pool.Names);

        await using CodeSessionLease used = await pool.AcquireAsync("brief", brief, Ct);
        _clock.Advance(TimeSpan.FromSeconds(181));
        Assert.Equal(["plain"], pool.Names);
        await used.SessionEnded.WaitAsync(Ct);
    }

    [Fact]
    public async Task An_executor_of_its_own_serves_a_session_and_none_that_waits()
    {
        await using CodeSessionPool pool = Pool();
        await pool.FillAsync(Ct);
        await using CodeSessionLease own = await pool.AcquireAsync(
            "own", new CodeSessionOptions { ExecutorFactory = _ => ValueTask.FromResult<ICodeExecutor>(_other.Make()) }, Ct);
        Assert.Same(Assert.Single(_other.Made), own.Executor);
        Assert.Equal(1, pool.ReadyCount);
    }

    [Fact]
    public async Task A_lifetime_that_is_set_counts_from_then()
    {
        await using CodeSessionPool pool = Pool();
        CodeSessionOptions brief = new() { MaxLifetime = TimeSpan.FromMinutes(1) };
        await using CodeSessionLease lease = await pool.AcquireAsync("a", brief, Ct);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.True(pool.SetLifetime("a", TimeSpan.FromMinutes(1)));
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.True(pool.Contains("a"));
        Assert.True(pool.SetLifetime("a", Timeout.InfiniteTimeSpan));
        _clock.Advance(TimeSpan.FromDays(2));
        Assert.True(pool.Contains("a"));
        Assert.True(pool.SetLifetime("a", TimeSpan.FromSeconds(1)));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(pool.Contains("a"));
        Assert.False(pool.SetLifetime("a", TimeSpan.FromSeconds(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.SetLifetime("a", TimeSpan.Zero));
    }

    [Fact]
    public async Task A_session_that_must_be_there_is_not_begun()
    {
        await using CodeSessionPool pool = Pool();
        Assert.Null(await pool.AcquireExistingAsync("a", Ct));
        Assert.Equal(0, pool.Count);
        await using CodeSessionLease first = await pool.AcquireAsync("a", Ct);
        await using CodeSessionLease? again = await pool.AcquireExistingAsync("a", Ct);
        Assert.Same(first.Executor, again!.Executor);
        Assert.False(again.IsNew);
        await first.DisposeAsync();
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.True(pool.Contains("a"));
        await again.DisposeAsync();
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Null(await pool.AcquireExistingAsync("a", Ct));
    }

    [Fact]
    public async Task Who_uses_a_session_hears_of_its_end()
    {
        await using CodeSessionPool pool = Pool();
        await using CodeSessionLease lease = await pool.AcquireAsync("a", Ct);
        Assert.False(lease.SessionEnded.IsCompleted);
        await pool.EndAsync("a");
        await lease.SessionEnded.WaitAsync(Ct);
    }

    [Fact]
    public void Times_that_no_timer_takes_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSessionOptions { IdleTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new CodeSessionOptions { MaxLifetime = TimeSpan.FromDays(25) });
    }

    private CodeSessionPool Pool() =>
        new(_setup.Make, new CodeSessionPoolOptions { IdleTimeout = TimeSpan.FromMinutes(20) }, timeProvider: _clock);
}
