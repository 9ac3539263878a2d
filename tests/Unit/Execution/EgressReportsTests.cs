using Glovebox.Egress;
using Glovebox.Execution;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Unit.Execution;

public sealed class EgressReportsTests : IDisposable
{
    private readonly CollectingLogger _logger = new();
    private readonly FakeTimeProvider _time = new();

    private IEnumerable<string> Warnings => _logger.Entries.Where(e => e.Level == LogLevel.Warning).Select(e => e.Message);

    public void Dispose() => _logger.Dispose();

    [Fact]
    public async Task A_guest_that_is_refused_over_and_over_does_not_fill_the_log()
    {
        EgressReports reports = new(_logger, _time);
        await RefuseAsync(reports, 1000);
        Assert.All(
            Warnings.Take(60), w => Assert.Contains(" of guest code: evil.test:443 is refused", w, StringComparison.Ordinal));
        Assert.Equal(
            "More than 60 connections of guest code were refused within a minute; what else is refused in it is not logged.",
            Assert.Single(Warnings.Skip(60)));
        _time.Advance(TimeSpan.FromMinutes(1));
        await RefuseAsync(reports, 1);
        Assert.StartsWith("Connection 1 of guest code: evil.test:443 is refused", Warnings.ElementAt(61), StringComparison.Ordinal);
        Assert.Equal(62, Warnings.Count());
    }

    [Fact]
    public async Task Refusals_of_many_minutes_are_all_logged()
    {
        EgressReports reports = new(_logger, _time);
        for (int minute = 0; minute < 5; minute++)
        {
            await RefuseAsync(reports, 60);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(300, Warnings.Count());
    }

    [Fact]
    public async Task A_guest_that_is_allowed_over_and_over_does_not_fill_the_log_either()
    {
        EgressReports reports = new(_logger, _time);
        for (int i = 1; i <= 1000; i++)
        {
            await reports.ReportAsync(new EgressEvent(EgressEventKind.Allowed, i, "good.test", 443) { Rule = "good.test" });
        }

        Assert.Equal(600, _logger.Entries.Count(e => e.Level == LogLevel.Information));
        Assert.StartsWith("More than 600 connections and requests of guest code were allowed", Assert.Single(Warnings), StringComparison.Ordinal);
        await RefuseAsync(reports, 1);
        Assert.Equal(2, Warnings.Count());
    }

    private static async Task RefuseAsync(EgressReports reports, int count)
    {
        for (int i = 1; i <= count; i++)
        {
            await reports.ReportAsync(new EgressEvent(EgressEventKind.Refused, i, "evil.test", 443) { Reason = "not-in-list" });
        }
    }
}
