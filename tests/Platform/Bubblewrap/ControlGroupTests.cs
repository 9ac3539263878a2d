using System.Diagnostics;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>Control groups of both versions, as trees of files that look like them, and as this machine's.</summary>
public sealed class ControlGroupTests : IDisposable
{
    private const long Memory = 64 << 20;

    /// <summary>Python that leaves no process behind which has not left the group for good.</summary>
    private const string ForkTwenty = """
        import os, time
        try:
            for _ in range(20): os.fork() or os._exit(time.sleep(1) or 0)
        finally:
            try:
                while True: os.wait()
            except ChildProcessError: pass
        """;

    private readonly TestFolder _root = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Version_1_has_a_group_in_each_hierarchy()
    {
        Make("memory/own/parent", "pids", "cpu/x");
        using ControlGroup group = Create("9:memory:/own/parent\n8:pids:/\n1:cpu:/x\n2:name=systemd:/elsewhere\n0::/\n", 0.5);
        Assert.Equal((1, true, true, true), (group.Version, group.LimitsMemory, group.LimitsProcesses, group.LimitsCpus));
        Assert.Equal("67108864", Read("memory/own/parent", "memory.limit_in_bytes"));
        Assert.Equal("30", Read("pids", "pids.max"));
        Assert.Equal(("100000", "50000"), (Read("cpu/x", "cpu.cfs_period_us"), Read("cpu/x", "cpu.cfs_quota_us")));
        Assert.Equal(3, group.MembershipFiles.Count());
        Assert.All(group.MembershipFiles, file => Assert.EndsWith("/tasks", file, StringComparison.Ordinal));
    }

    [Fact]
    public void Version_1_with_hierarchies_of_several_controllers_and_a_path_that_is_not_mounted_here()
    {
        // As in a container: the path is the host's, and only what is below it is mounted.
        Make("memory", "cpu,cpuacct", "pids");
        File.CreateSymbolicLink(_root["cpu"], _root["cpu,cpuacct"]);
        using ControlGroup group = Create("9:memory:/docker/0123\n4:cpu,cpuacct:/docker/0123\n8:pids:/docker/0123\n", 2);
        Assert.Equal((true, true, true), (group.LimitsMemory, group.LimitsProcesses, group.LimitsCpus));
        Assert.Equal("200000", Read("cpu", "cpu.cfs_quota_us"));
    }

    [Theory]
    [InlineData("pids", false, true)]
    [InlineData("memory", true, false)]
    [InlineData("cpu", false, false)]
    [InlineData("", false, false)]
    public void What_has_no_hierarchy_is_not_limited(string folders, bool memory, bool processes)
    {
        Make([.. folders.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        using ControlGroup group = Create("9:memory:/\n8:pids:/\n", null);
        Assert.Equal((memory, processes, false), (group.LimitsMemory, group.LimitsProcesses, group.LimitsCpus));
    }

    [Fact]
    public void Version_2_has_one_group_for_everything()
    {
        Make("system");
        File.WriteAllText(_root["cgroup.controllers"], "cpu memory pids");
        File.WriteAllText(_root["system/cgroup.subtree_control"], "cpu memory pids\n");
        using ControlGroup group = Create("0::/system\n", 0.001);
        Assert.Equal((2, true, true, true), (group.Version, group.LimitsMemory, group.LimitsProcesses, group.LimitsCpus));
        Assert.Equal("67108864", Read("system", "memory.max"));
        Assert.Equal("30", Read("system", "pids.max"));
        Assert.Equal("1000 100000", Read("system", "cpu.max"));
    }

    [Fact]
    public void Version_2_takes_the_nearest_ancestor_that_hands_controllers_down()
    {
        Make("user.slice/user-1000.slice/session-1.scope");
        File.WriteAllText(_root["cgroup.controllers"], "cpu memory pids");
        File.WriteAllText(_root["cgroup.subtree_control"], "cpu memory pids");
        File.WriteAllText(_root["user.slice/cgroup.subtree_control"], "memory pids");
        File.WriteAllText(_root["user.slice/user-1000.slice/cgroup.subtree_control"], "pids");
        File.WriteAllText(_root["user.slice/user-1000.slice/session-1.scope/cgroup.subtree_control"], "");
        using ControlGroup group = Create("0::/user.slice/user-1000.slice/session-1.scope\n", 1);
        Assert.Equal((2, true, true, false), (group.Version, group.LimitsMemory, group.LimitsProcesses, group.LimitsCpus));
        Assert.EndsWith("/cgroup.procs", Assert.Single(group.MembershipFiles), StringComparison.Ordinal);
        Assert.Equal("67108864", Read("user.slice", "memory.max"));
    }

    [Fact]
    public void Version_2_without_controllers_to_hand_down_limits_nothing()
    {
        File.WriteAllText(_root["cgroup.controllers"], "hugetlb");
        File.WriteAllText(_root["cgroup.subtree_control"], "hugetlb");
        using ControlGroup group = Create("0::/\n", 1);
        Assert.Equal((false, false, false), (group.LimitsMemory, group.LimitsProcesses, group.LimitsCpus));
        Assert.Empty(group.MembershipFiles);
        Assert.False(group.TakeOutOfMemory());
        Assert.Equal(0, group.MemoryInUse());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_end_for_want_of_memory_is_told_once(bool isUnified)
    {
        Make("memory", "pids");
        if (isUnified)
        {
            File.WriteAllText(_root["cgroup.controllers"], "memory pids");
            File.WriteAllText(_root["cgroup.subtree_control"], "memory pids");
        }

        using ControlGroup group = Create("9:memory:/\n8:pids:/\n0::/\n", null);
        string folder = Made(isUnified ? "" : "memory");
        Assert.False(group.TakeOutOfMemory());
        File.WriteAllText(Path.Combine(folder, isUnified ? "memory.events" : "memory.oom_control"), isUnified ? "low 0\noom 2\noom_kill 2\n" : "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
        File.WriteAllText(Path.Combine(folder, isUnified ? "memory.current" : "memory.usage_in_bytes"), "4096\n");
        Assert.True(group.TakeOutOfMemory());
        Assert.False(group.TakeOutOfMemory());
        Assert.Equal(4096, group.MemoryInUse());
    }

    [Fact]
    public void Groups_of_processes_that_are_gone_are_removed_and_no_others()
    {
        using Process gone = Process.Start("true");
        gone.WaitForExit();
        string id = Guid.NewGuid().ToString("n");
        string[] kept = [$"glovebox-{Environment.ProcessId}-{id}", "glovebox-server.slice", "glovebox-", $"glovebox-{gone.Id}", $"glovebox-{gone.Id}-some.slice", $"another-{gone.Id}-{id}"];
        Make([$"pids/glovebox-{gone.Id}-{id}", .. kept.Select(name => "pids/" + name)]);
        using ControlGroup group = Create("8:pids:/\n", null);
        string[] left = [.. Directory.EnumerateDirectories(_root["pids"]).Select(d => Path.GetFileName(d)!).Except([Path.GetFileName(Made("pids"))])];
        Assert.Equal(kept.Order(StringComparer.Ordinal), left.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_real_group_limits_its_members_and_goes_with_the_last()
    {
        Assert.SkipUnless(ControlGroups.LimitMemory && ControlGroups.LimitProcesses, "No control group can be made here.");
        string[] folders;
        using (ControlGroup group = ControlGroup.Create(Memory, 10, 1))
        {
            folders = [.. group.MembershipFiles.Select(f => Path.GetDirectoryName(f)!)];
            Assert.All(folders, f => Assert.True(Directory.Exists(f)));
            string join = string.Concat(group.MembershipFiles.Select(f => $"echo 0 > {f}; "));
            Assert.Equal("137", await RunAsync(join + "python3 -c \"print(len(b'x' * 200000000))\"; echo -n $?"));
            Assert.True(group.TakeOutOfMemory());
            Assert.Contains("Resource temporarily unavailable", await RunAsync($"{join}python3 -c '{ForkTwenty}' 2>&1"), StringComparison.Ordinal);
            Assert.InRange(group.MemoryInUse(), 0, Memory);

            // A process that has closed its output is still a member for a moment.
            await Eventually.HoldsAsync(() => group.MembershipFiles.All(f => File.ReadAllText(f).Length == 0), "the members go");
        }

        Assert.All(folders, f => Assert.False(Directory.Exists(f)));

        static async Task<string> RunAsync(string code)
        {
            using Process process = Process.Start(new ProcessStartInfo("sh", ["-c", code]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string output = await process.StandardOutput.ReadToEndAsync(Ct);
            await process.WaitForExitAsync(Ct);
            return output;
        }
    }

    [Fact]
    public async Task A_sandbox_is_in_its_group_from_its_first_process_on_and_the_group_goes_with_it()
    {
        Assert.SkipUnless(ControlGroups.LimitProcesses, "No control group can be made here.");
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap);
        string marker = HostProcesses.NewMarker();
        await session.BashAsync($"(exec -a {marker} sleep 600) & exit");
        await HostProcesses.AppearsAsync(marker);
        string group = (await File.ReadAllLinesAsync($"/proc/{HostProcesses.With(marker)[0]}/cgroup", Ct)).First(l => l.Contains("/glovebox-", StringComparison.Ordinal));
        string name = Path.GetFileName(group.Split(':')[2]);
        Assert.StartsWith($"glovebox-{Environment.ProcessId}-", name, StringComparison.Ordinal);
        Assert.Contains(ControlGroups.Of(Environment.ProcessId), f => Path.GetFileName(f) == name);
        Assert.Contains("control group, version", session.Executor.GetService<SandboxCapabilities>()!.Control("processes")!.Mechanism, StringComparison.Ordinal);
        await session.Executor.StopAsync(Ct);
        Assert.DoesNotContain(ControlGroups.Of(Environment.ProcessId), f => Path.GetFileName(f) == name);
    }

    private ControlGroup Create(string membership, double? cpus)
    {
        File.WriteAllText(_root["membership"], membership);
        return ControlGroup.Create(Memory, 30, cpus, _root.Path, _root["membership"]);
    }

    private void Make(params IEnumerable<string> folders)
    {
        foreach (string folder in folders)
        {
            Directory.CreateDirectory(_root[folder]);
        }
    }

    /// <summary>The group that was made in a folder: the newest of this process'.</summary>
    private string Made(string parent) =>
        Directory.EnumerateDirectories(_root[parent], $"glovebox-{Environment.ProcessId}-*").Single(d => Directory.EnumerateFiles(d).Any());

    private string Read(string parent, string file) => File.ReadAllText(Path.Combine(Made(parent), file));
}
