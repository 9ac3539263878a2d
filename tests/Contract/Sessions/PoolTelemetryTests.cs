using System.Diagnostics;

namespace Glovebox.Tests.Contract.Sessions;

/// <summary>What a pool measures and traces. Every test has a pool name of its own, because all pools share one source.</summary>
public sealed class PoolTelemetryTests
{
    private readonly PoolSetup _setup = new();
    private readonly string _name = Guid.NewGuid().ToString();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sessions_those_in_use_and_executors_that_wait_are_counted()
    {
        using Measurements measurements = new(OpenTelemetryExtensions.DefaultSourceName);
        await using (CodeSessionPool pool = new(_setup.Make, new() { Name = _name, StartedAhead = 2 }))
        {
            Assert.Equal((0, 0, 0, 0), Observe(measurements));
            await pool.FillAsync(Ct);
            Assert.Equal((0, 0, 2, 0), Observe(measurements));
            CodeSessionLease named = await pool.AcquireAsync("a", Ct);
            await using CodeSessionLease rented = await pool.RentAsync(Ct);
            Assert.Equal((2, 2), (Observe(measurements).Sessions, Observe(measurements).Used));
            await named.DisposeAsync();
            Assert.Equal((2, 1), (Observe(measurements).Sessions, Observe(measurements).Used));
        }

        measurements.Observe();
        int count = measurements.Of("glovebox.pool.sessions").Count(m => m.Contains(_name, StringComparison.Ordinal));
        measurements.Observe();
        Assert.Equal(count, measurements.Of("glovebox.pool.sessions").Count(m => m.Contains(_name, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Callers_that_wait_are_counted()
    {
        using Measurements measurements = new(OpenTelemetryExtensions.DefaultSourceName);
        await using CodeSessionPool pool = new(
            _setup.Make, new() { Name = _name, StartedAhead = 0, MaxSessions = 1, WhenFull = FullPoolBehavior.Wait });
        CodeSessionLease first = await pool.RentAsync(Ct);
        Task<CodeSessionLease> second = pool.RentAsync(Ct).AsTask();
        Assert.Equal(1, Observe(measurements).Waiting);
        await first.DisposeAsync();
        await (await second).DisposeAsync();
        Assert.Equal(0, Observe(measurements).Waiting);
    }

    [Fact]
    public async Task Pools_of_one_name_are_counted_together()
    {
        using Measurements measurements = new(OpenTelemetryExtensions.DefaultSourceName);
        await using CodeSessionPool one = new(_setup.Make, new() { Name = _name, StartedAhead = 0 });
        await using CodeSessionPool other = new(_setup.Make, new() { Name = _name, StartedAhead = 0 });
        await using CodeSessionLease a = await one.RentAsync(Ct);
        await using CodeSessionLease b = await other.RentAsync(Ct);
        Assert.Equal((2, 2, 0, 0), Observe(measurements));
    }

    [Fact]
    public async Task Starts_and_waits_are_traced_and_measured()
    {
        using Traces traces = new(OpenTelemetryExtensions.DefaultSourceName);
        using Measurements measurements = new(OpenTelemetryExtensions.DefaultSourceName);
        await using CodeSessionPool pool = new(_setup.Make, new() { Name = _name, StartedAhead = 0 });
        using Activity caller = new Activity("caller").Start();
        await using CodeSessionLease lease = await pool.RentAsync(Ct);
        _setup.OnStart = _ => throw new SandboxUnavailableException("no-room", "No room.");
        await Assert.ThrowsAsync<SandboxUnavailableException>(() => pool.AcquireAsync("a", Ct).AsTask());

        Activity[] own = [.. traces.Activities.Where(a => a.TraceId == caller.TraceId)];
        Assert.Equal(["start_session", "acquire_session", "start_session", "acquire_session"], own.Select(a => a.OperationName));
        Assert.All(own, a => Assert.Equal(_name, a.GetTagItem("glovebox.pool.name")));
        Assert.Equal([null, null, "no-room", "no-room"], own.Select(a => a.GetTagItem("error.type")));
        Assert.Equal(own[1].SpanId, own[0].ParentSpanId);
        foreach (string instrument in new[] { "glovebox.pool.start.duration", "glovebox.pool.wait.duration" })
        {
            string[] measured = [.. measurements.Of(instrument).Where(m => m.Contains(_name, StringComparison.Ordinal))];
            Assert.Equal(2, measured.Length);
            Assert.DoesNotContain("error.type", measured[0], StringComparison.Ordinal);
            Assert.EndsWith("error.type=no-room]", measured[1], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public void A_pool_without_a_name_is_refused(string? name) =>
        Assert.ThrowsAny<ArgumentException>(() => new CodeSessionPoolOptions { Name = name! });

    private (int Sessions, int Used, int Ready, int Waiting) Observe(Measurements measurements)
    {
        measurements.Observe();
        return (Last("sessions"), Last("sessions.used"), Last("ready"), Last("waiting"));

        int Last(string what)
        {
            string text = measurements.Of("glovebox.pool." + what).Last(m => m.Contains(_name, StringComparison.Ordinal));
            return int.Parse(text.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
