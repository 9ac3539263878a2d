using System.Diagnostics;

namespace Glovebox.Tests.Common.Contract;

/// <summary>What blocks leave in the background, where an environment holds more than one program.</summary>
public abstract class BackgroundConformance(ExecutorKind kind)
{
    private static readonly CodeBlock Echo = new("bash", "echo on");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_background_child_survives_the_end_of_its_block_and_delays_nothing()
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        long started = Stopwatch.GetTimestamp();
        CodeResult result = await session.BashAsync($"(exec -a {marker} sleep 600) & echo done");
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal((0, "done\n"), (result.ExitCode, result.Output));
        await HostProcesses.AppearsAsync(marker);
        Assert.Equal("next\n", (await session.BashAsync("echo next")).Output);
        Assert.Single(HostProcesses.With(marker));

        await session.Executor.StopAsync(Ct);
        await HostProcesses.AreGoneAsync(marker);
    }

    [Fact]
    public async Task What_a_background_child_prints_after_its_block_has_ended_reaches_nobody()
    {
        await using Session session = await Session.StartAsync(kind);
        await session.BashAsync("(until [ -e go ]; do sleep 0.01; done; echo late; echo late >&2; touch printed) & echo early");
        CodeResult result = await session.BashAsync("touch go; until [ -e printed ]; do sleep 0.01; done; echo next");
        Assert.Equal("next\n", result.Output);
    }

    [Fact]
    public async Task Starting_twice_starts_once()
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        await session.BashAsync($"(exec -a {marker} sleep 600) & exit");
        await HostProcesses.AppearsAsync(marker);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => session.Executor.StartAsync(Ct)));
        Assert.Single(HostProcesses.With(marker));
        Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
    }

    [Fact]
    public async Task A_restart_ends_what_runs_in_the_background()
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        await session.BashAsync($"(exec -a {marker} sleep 600) & exit");
        await HostProcesses.AppearsAsync(marker);
        await session.Executor.RestartAsync(Ct);
        await HostProcesses.AreGoneAsync(marker);
        Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
    }

    [Fact]
    public async Task Stopping_leaves_the_processes_of_others_alone()
    {
        await using Session session = await Session.StartAsync(kind);
        await using Session other = await Session.StartAsync(kind);
        using Process own = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true })!;
        string marker = HostProcesses.NewMarker();
        await other.BashAsync($"(exec -a {marker} sleep 600) & exit");
        await HostProcesses.AppearsAsync(marker);
        await session.RunAsync(Echo);
        await session.Executor.StopAsync(Ct);
        Assert.Single(HostProcesses.With(marker));
        Assert.False(own.HasExited);

        // It ends with its input, as it would with this process.
        own.StandardInput.Close();
        await own.WaitForExitAsync(Ct);
    }
}
