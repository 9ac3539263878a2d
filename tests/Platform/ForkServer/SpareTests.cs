using System.Diagnostics;
using System.Globalization;
using Glovebox.Sandboxes.Agent;
using Glovebox.Tests.Platform.Agent;

namespace Glovebox.Tests.Platform.ForkServer;

/// <summary>The fork that waits for what comes next: nothing of the guest's ever meets it, and what runs in it is as any other.</summary>
public sealed class SpareTests
{
    /// <summary>A language whose program is nowhere: the agent answers, and starts nothing.</summary>
    private static readonly CodeLanguage Missing = new("missing", ".x", ["no-such-program"], []);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_program_runs_in_the_fork_that_has_waited_for_it()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        foreach (CodeBlock block in new CodeBlock[] { new("python", "import os; print(os.getpid())"), new("bash", "echo $$"), new("sh", "echo $$"), new("python", "import os; print(os.getpid())") })
        {
            (int _, int inside) = await SpareAsync(session);
            Assert.Equal($"{inside}\n", (await session.RunAsync(block)).Output);
        }
    }

    [Fact]
    public async Task A_program_sees_no_other_process()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        const string look = "import os; print(sorted(int(p) for p in os.listdir('/proc') if p.isdigit()) == [1, os.getpid()])";
        Assert.Equal("True\nTrue\n", (await session.RunAsync(new("python", look), new("python", look))).Output);

        // The canary: what an earlier block has left is seen.
        await session.BashAsync("sleep 600 & exit");
        Assert.Equal("False\n", (await session.PythonAsync(look)).Output);
    }

    /// <summary>A process that a block has left could stop the fork that waits, so that the next block never begins, or change its
    /// limits.</summary>
    [Theory]
    [InlineData(true, "0")]
    [InlineData(false, "1")]
    public async Task What_an_earlier_block_has_left_finds_no_fork_to_stop(bool hidesSpares, string found)
    {
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(new() { HidesSpares = hidesSpares }), new() { Languages = [Missing] });
        await session.PythonAsync("""
            import os, signal
            if os.fork(): os._exit(0)
            while not os.path.exists('look'): pass
            seen = [int(p) for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid())]
            for pid in seen: os.kill(pid, signal.SIGSTOP)
            with open('writing', 'w') as file: file.write(str(len(seen)))
            os.rename('writing', 'seen')
            """);

        // Once the agent has answered this, it has done all that it does after the block before.
        Assert.NotEqual(0, (await session.RunAsync(new CodeBlock("missing", "x"))).ExitCode);
        await File.WriteAllTextAsync(session.Folder["look"], "", Ct);
        await Eventually.HoldsAsync(() => File.Exists(session.Folder["seen"]), "it has looked");
        Assert.Equal(found, await File.ReadAllTextAsync(session.Folder["seen"], Ct));
        if (hidesSpares)
        {
            Assert.Equal("on\n", (await session.PythonAsync("print('on')")).Output);
        }
    }

    [Fact]
    public async Task When_the_last_process_of_an_earlier_block_is_gone_a_fork_waits_again()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        string marker = HostProcesses.NewMarker();
        await session.BashAsync($"(exec -a {marker} sleep 600) & exit");
        await HostProcesses.AppearsAsync(marker);
        Assert.Equal("on\n", (await session.PythonAsync("print('on')")).Output);
        int sleeper = Assert.Single(HostProcesses.With(marker));
        Assert.Equal([sleeper], Neighbours(session).Select(p => p.Host));
        Kill(sleeper);
        await Eventually.HoldsAsync(() => Neighbours(session) is [var (host, _)] && host != sleeper, "a fork waits");
    }

    [Fact]
    public async Task A_fork_that_the_kernel_has_ended_costs_no_block()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { Languages = [Missing] });
        for (int i = 0; i < 5; i++)
        {
            await KillSpareAsync();
            Assert.Equal("runs\nruns\n", (await session.RunAsync(new("python", "print('runs')"), new("bash", "echo runs"))).Output);
        }

        // One that is ended is not followed by another until something has run: it would be ended, too.
        await KillSpareAsync();
        Assert.NotEqual(0, (await session.RunAsync(new CodeBlock("missing", "x"))).ExitCode);
        Assert.Empty(Neighbours(session));
        Assert.Equal("runs\n", (await session.PythonAsync("print('runs')")).Output);
        await SpareAsync(session);

        async Task KillSpareAsync()
        {
            Kill((await SpareAsync(session)).Host);
            await Eventually.HoldsAsync(() => Neighbours(session).Count == 0, "it is gone");
        }
    }

    [Fact]
    public async Task It_ends_with_the_session_and_with_its_agent_and_another_waits_after_a_restart()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        int first = (await SpareAsync(session)).Host;
        await session.Executor.RestartAsync(Ct);
        await Eventually.AreBuriedAsync(() => !Directory.Exists($"/proc/{first}"), "it is gone");
        int second = (await SpareAsync(session)).Host;
        Kill(Agent(session));
        await Eventually.HoldsAsync(() => !Directory.Exists($"/proc/{second}"), "it is gone");
        await session.Executor.RestartAsync(Ct);
        int third = (await SpareAsync(session)).Host;
        await session.Executor.StopAsync(Ct);
        await Eventually.AreBuriedAsync(() => !Directory.Exists($"/proc/{third}"), "it is gone");
    }

    [Fact]
    public async Task After_a_timeout_the_next_block_runs_and_a_fork_waits_again()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        Running running = session.Begin("python", "print('begun')\nwhile True: pass");
        await running.PrintsAsync("begun\n");
        session.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(124, (await running.Completion).ExitCode);
        await SpareAsync(session);
        Assert.Equal("runs\n", (await session.PythonAsync("print('runs')")).Output);
    }

    [Fact]
    public async Task Beside_a_service_none_waits()
    {
        await using GuestService service = await GuestService.StartAsync("print('ready')\nimport time; time.sleep(600)");

        // The agent, the service, and the shell that looks.
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal("3\n", (await service.ShellAsync("set -- /proc/[0-9]*; echo $#")).Output);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_takes_no_process_from_a_program(bool usesControlGroups)
    {
        ExecutionPolicy fewest = new() { MaxProcesses = 4 };
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(new() { UsesControlGroups = usesControlGroups }, fewest));
        const string fill = """
            import os, time
            made = 0
            try:
                while made < 10:
                    if os.fork() == 0: time.sleep(600)
                    made += 1
            except OSError as e: print(made, e.strerror)
            """;

        await SpareAsync(session);

        // One of the four is the program itself. Without a control group, the kernel counts what is in the sandbox, and there is room for
        // one more.
        Assert.Equal($"{(usesControlGroups && ControlGroups.LimitProcesses ? 3 : 4)} Resource temporarily unavailable\n", (await session.PythonAsync(fill)).Output);
        Assert.Equal("on\non\n", (await session.RunAsync(new("bash", "echo on"), new("python", "print('on')"))).Output);
    }

    [Fact]
    public async Task More_arguments_than_a_fork_is_told_of_reach_a_program()
    {
        string text = new('x', 100_000);
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { Languages = [new CodeLanguage("long", ".sh", ["sh"], ["-c", "echo ${#0}; set -- /proc/[0-9]*; echo $#", text])] });
        for (int i = 0; i < 2; i++)
        {
            // The agent and the shell: the fork that could not be told is gone.
            Assert.Equal("100000\n2\n", (await session.RunAsync(new CodeBlock("long", "x"))).Output);
        }
    }

    [Fact]
    public async Task What_has_happened_while_it_waited_is_known_to_it()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap, new() { IsOwn = true });
        await session.BashAsync("folder=$(python3 -m site --user-site); mkdir -p $folder; echo 'name = \"installed\"' > $folder/glovebox_test_package.py");
        await SpareAsync(session);
        await File.WriteAllTextAsync(session.Folder["beside.py"], "name = 'beside'", Ct);
        long before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        CodeResult result = await session.PythonAsync("import beside, glovebox_test_package, os, time; print(beside.name, glovebox_test_package.name, os.getcwd(), int(time.time() * 1000))");
        string[] words = result.Output.Split();
        Assert.Equal(["beside", "installed", "/workspace"], words[..3]);
        Assert.InRange(long.Parse(words[3], CultureInfo.InvariantCulture), before, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task Without_shortcuts_none_waits_and_blocks_show_the_same()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(new() { Shortcuts = Shortcuts.None }));
        for (int i = 0; i < 2; i++)
        {
            CodeResult result = await session.RunAsync(
                new("python", "class C:\n    def __del__(self): print('deleted')\nc = C()"), new("bash", "set -- /proc/[0-9]*; echo $#"));
            Assert.Equal("deleted\n2\n", result.Output);
            Assert.Empty(Neighbours(session));
        }
    }

    private static void Kill(int process)
    {
        using Process found = Process.GetProcessById(process);
        found.Kill();
    }

    /// <summary>Waits until nothing but one process is beside the agent; gives its number on the host and inside.</summary>
    private static async Task<(int Host, int Inside)> SpareAsync(Session session)
    {
        IReadOnlyList<(int Host, int Inside)> found = [];
        await Eventually.HoldsAsync(() => (found = Neighbours(session)).Count == 1, "a fork waits");
        return found[0];
    }

    private static int Agent(Session session) => Inside(session).Single(p => p.Inside == 1).Host;

    private static IReadOnlyList<(int Host, int Inside)> Neighbours(Session session) => [.. Inside(session).Where(p => p.Inside != 1)];

    /// <summary>The living processes of a session's namespace: those that descend from the bwrap that was given its work
    /// directory.</summary>
    private static IReadOnlyList<(int Host, int Inside)> Inside(Session session)
    {
        Dictionary<int, (int Parent, int[] Numbers)> all = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && Status(folder) is { } status && !status["State"].StartsWith('Z'))
            {
                all[id] = (int.Parse(status["PPid"], CultureInfo.InvariantCulture), [.. status["NSpid"].Split('\t').Select(n => int.Parse(n, CultureInfo.InvariantCulture))]);
            }
        }

        HashSet<int> sandboxes = [.. HostProcesses.OfSandbox(session.Folder.Path)];
        return [.. all.Where(p => p.Value.Numbers.Length > 1 && Ancestors(p.Key).Any(sandboxes.Contains)).Select(p => (p.Key, p.Value.Numbers[^1]))];

        IEnumerable<int> Ancestors(int id)
        {
            while (all.TryGetValue(id, out (int Parent, int[] Numbers) process))
            {
                yield return id = process.Parent;
            }
        }
    }

    private static Dictionary<string, string>? Status(string folder)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(folder, "status")).Select(l => l.Split(':', 2)).ToDictionary(l => l[0], l => l[1].Trim());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
