using System.Globalization;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>What the kernel counts for a user or for the whole machine, and no control group bounds.</summary>
public sealed class KernelResourceTests(HostFixture fixture) : IClassFixture<HostFixture>
{
    private const string Prelude = """
        import ctypes, os, resource
        libc = ctypes.CDLL(None, use_errno=True)
        def write(path, text):
            fd = os.open(path, os.O_WRONLY)
            try:
                os.write(fd, text.encode())
                return 'OK'
            except OSError as e: return e.strerror
            finally: os.close(fd)

        """;

    private static bool HasSystemResources => (ulong.Parse(
        File.ReadLines("/proc/self/status").Single(l => l.StartsWith("CapEff:", StringComparison.Ordinal))[8..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        & 1 << 24) != 0;

    [Fact]
    public async Task Timers_and_message_queues_of_a_guest_leave_enough_to_the_hosts_user()
    {
        // Each timer is a signal that the kernel keeps ready, and counts for the user.
        const string attack = Prelude + """
            made = 0
            timer = ctypes.c_int()
            while made < 5000 and libc.timer_create(1, None, ctypes.byref(timer)) == 0: made += 1
            print(made >= 5000, made <= 4096, resource.getrlimit(resource.RLIMIT_MSGQUEUE)[1] <= 65536)
            """;
        Session guarded = await fixture.GuardedAsync();
        Assert.Equal("False True True\n", (await guarded.PythonAsync(attack)).Output);

        // It cannot raise them again.
        Assert.Equal("refused\n", (await guarded.PythonAsync(Prelude + """
            try: resource.setrlimit(resource.RLIMIT_SIGPENDING, (4097, 4097)); print('raised')
            except ValueError: print('refused')
            """)).Output);
        Assert.Equal("True False False\n", (await (await fixture.HostAsync()).PythonAsync(attack)).Output);
    }

    [Fact]
    public async Task No_core_no_priority_and_no_more_than_4096_descriptors_in_a_process()
    {
        const string limits = Prelude + """
            print(*(resource.getrlimit(r)[1] for r in (resource.RLIMIT_CORE, resource.RLIMIT_NICE, resource.RLIMIT_RTPRIO)))
            print(*(0 <= resource.getrlimit(r)[1] <= most for r, most in ((resource.RLIMIT_NOFILE, 4096), (resource.RLIMIT_MEMLOCK, 8 << 20))))
            """;
        Assert.Equal("0 0 0\nTrue True\n", (await (await fixture.GuardedAsync()).PythonAsync(limits)).Output);
        Assert.Equal("0 0 0\n", (await (await fixture.GuardedAsync()).BashAsync("echo $(ulimit -Hc) $(ulimit -He) $(ulimit -Hr)")).Output);
    }

    [Fact]
    public async Task When_memory_is_short_a_guest_is_never_spared_for_the_host()
    {
        const string attack = Prelude + """
            for score in range(-1000, 1001):
                if write('/proc/self/oom_score_adj', str(score)) == 'OK': break
            print(open('/proc/self/oom_score_adj').read().strip(), open('/proc/1/oom_score_adj').read().strip())
            """;
        int own = int.Parse(await File.ReadAllTextAsync("/proc/self/oom_score_adj", TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
        string[] said = (await (await fixture.GuardedAsync()).PythonAsync(attack)).Output.Split();
        int lowest = int.Parse(said[0], CultureInfo.InvariantCulture);
        Assert.InRange(lowest, Environment.IsPrivilegedProcess && HasSystemResources ? Math.Max(500, own) : own, 1000);
        Assert.Equal(Math.Max(500, own).ToString(CultureInfo.InvariantCulture), said[1]);

        // It begins where the kernel looks first.
        Assert.Equal("1000\n", (await (await fixture.GuardedAsync()).BashAsync("cat /proc/self/oom_score_adj")).Output);

        // The canary: it can write what it may, and the host's processes stand lower than the sandbox.
        Assert.Equal($"OK\n{own}\n", (await (await fixture.HostAsync()).PythonAsync(
            Prelude + $"print(write('/proc/self/oom_score_adj', '{own}'))\nprint(open('/proc/self/oom_score_adj').read().strip())")).Output);
    }

    [Fact]
    public async Task What_a_guest_of_roots_takes_is_counted_for_no_user_of_the_host()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A plain user's guests are that user, see SECURITY.md.");
        Session session = await fixture.GuardedAsync();
        Running running = session.Begin("python", Prelude + """
            while libc.inotify_init1(0) >= 0: pass
            print(os.strerror(ctypes.get_errno()), flush=True)
            open('go', 'w').close()
            import time
            while os.path.exists('go'): time.sleep(0.01)
            """);
        await running.PrintsAsync("Too many open files\n");
        try
        {
            using TestFolder folder = new();
            using FileSystemWatcher watcher = new(folder.Path) { EnableRaisingEvents = true };
        }
        finally
        {
            File.Delete(session.Folder["go"]);
        }

        Assert.Equal(0, (await running.Completion).ExitCode);
    }
}
