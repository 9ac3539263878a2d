namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>A host process that is killed leaves nothing that runs, and what it leaves lying about the next one clears away.</summary>
public sealed class HostDeathTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exec -a {marker} sleep 600")]
    [InlineData("trap '' TERM HUP INT; (exec -a {marker} sleep 600) & wait; while :; do :; done")]
    [InlineData("setsid bash -c 'exec -a {marker} sleep 600' </dev/null >/dev/null 2>&1 & yes")]
    [InlineData("(exec -a {marker} sleep 600) & kill -STOP $$")]
    public async Task A_killed_host_leaves_no_process_behind(string code)
    {
        using TestFolder folder = new();
        folder.GiveAway();
        string marker = HostProcesses.NewMarker();
        using HostProgram host = HostProgram.Start(new("bash", code.Replace("{marker}", marker, StringComparison.Ordinal)) { WorkDirectory = folder.Path });
        await HostProcesses.AppearsAsync(marker);

        // The canary: the sandbox is there, and it is another process than the host.
        Assert.DoesNotContain(host.Id, HostProcesses.With(marker));
        Assert.Contains(HostProcesses.OfSandbox(folder.Path), id => id != host.Id);
        await host.KillAsync();
        await HostProcesses.AreGoneAsync(marker);
        await HostProcesses.SandboxIsGoneAsync(folder.Path);
    }

    [Fact]
    public async Task A_killed_host_leaves_no_daemon_behind()
    {
        string marker = HostProcesses.NewMarker();
        using HostProgram host = HostProgram.Start(new("python", GuestPrograms.Daemon(marker) + "\nprint('ready')\nimport time; time.sleep(600)"));
        await HostProcesses.AppearsAsync(marker);
        await Eventually.HoldsAsync(() => host.Output.Contains("ready", StringComparison.Ordinal), "the program runs");
        await host.KillAsync();
        await HostProcesses.AreGoneAsync(marker);
    }

    [Fact]
    public async Task A_killed_host_leaves_no_process_behind_where_each_program_has_a_sandbox_of_its_own()
    {
        using TestFolder folder = new();
        File.CreateSymbolicLink(folder["bash"], "/bin/bash");
        folder.GiveAway();
        string marker = HostProcesses.NewMarker();
        using HostProgram host = HostProgram.Start(
            new("bash", $"(exec -a {marker} /bin/sleep 600) & (exec -a {marker} /bin/sleep 600)") { WorkDirectory = folder.Path, GuestPath = "/workspace" });
        await Eventually.HoldsAsync(() => HostProcesses.With(marker).Count == 2, "the program runs");
        await host.KillAsync();
        await HostProcesses.AreGoneAsync(marker);
        await HostProcesses.SandboxIsGoneAsync(folder.Path);
    }

    [Fact]
    public async Task Folders_and_control_groups_of_a_killed_host_are_cleared_away_by_the_next()
    {
        using TestFolder temporary = new();
        temporary.SetMode("", "711");
        string marker = HostProcesses.NewMarker();
        using HostProgram host = HostProgram.Start(new("bash", $"exec -a {marker} sleep 600") { TemporaryFolder = temporary.Path });
        await HostProcesses.AppearsAsync(marker);
        Assert.Equal(3, temporary.Entries().Count(name => name.StartsWith($"glovebox-{host.Id}-", StringComparison.Ordinal) && !name.Contains('/')));
        Assert.Equal(ControlGroups.LimitMemory, ControlGroups.Of(host.Id).Count > 0);
        await host.KillAsync();
        await HostProcesses.AreGoneAsync(marker);

        // The canary: they are there still.
        Assert.Contains(temporary.Entries(), name => name.StartsWith($"glovebox-{host.Id}-work", StringComparison.Ordinal));
        Assert.EndsWith("on\n", (await HostProgram.RunAsync(new("bash", "echo on") { TemporaryFolder = temporary.Path })).Output, StringComparison.Ordinal);
        Assert.Empty(temporary.Entries());
        Assert.Empty(ControlGroups.Of(host.Id));
    }

    [Fact]
    public async Task Folders_of_a_process_of_another_PID_namespace_are_left_alone()
    {
        using TestFolder temporary = new();
        temporary.SetMode("", "711");
        string here = string.Concat(new FileInfo("/proc/self/ns/pid").LinkTarget!.Where(char.IsAsciiDigit));
        string others = $"glovebox-{int.MaxValue}-work-1-{Guid.NewGuid():n}";
        Directory.CreateDirectory(temporary[others]);

        // The canary: of our own namespace, it belongs to nobody.
        Directory.CreateDirectory(temporary[$"glovebox-{int.MaxValue}-work-{here}-{Guid.NewGuid():n}"]);
        Assert.EndsWith("on\n", (await HostProgram.RunAsync(new("bash", "echo on") { TemporaryFolder = temporary.Path })).Output, StringComparison.Ordinal);
        Assert.Equal([others], temporary.Entries());
    }

    [Fact]
    public async Task A_host_that_ends_by_itself_leaves_nothing_behind()
    {
        using TestFolder temporary = new();
        temporary.SetMode("", "711");
        string marker = HostProcesses.NewMarker();
        using HostProgram host = HostProgram.Start(
            new("bash", $"(exec -a {marker} sleep 600) & until [ -e go ]; do sleep 0.01; done; echo done") { TemporaryFolder = temporary.Path });
        await HostProcesses.AppearsAsync(marker);
        string work = Assert.Single(Directory.EnumerateDirectories(temporary.Path, "*-work-*"));
        await File.WriteAllTextAsync(Path.Combine(work, "work", "go"), "", Ct);
        await host.EndAsync();
        await HostProcesses.AreGoneAsync(marker);
        Assert.Empty(temporary.Entries());
        Assert.Empty(ControlGroups.Of(host.Id));
    }
}
