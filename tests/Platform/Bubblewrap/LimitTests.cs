using System.Diagnostics;
using Glovebox.Sandboxes.Bubblewrap;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>Programs that take all that they can get: they end as results, and the executor works on.</summary>
public sealed class LimitTests
{
    private const long Memory = 96 << 20;

    private static readonly BubblewrapInternals WithoutControlGroups = new() { UsesControlGroups = false };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>With control groups, and with the resource limits that are there without.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_fork_bomb_in_Python_ends_with_its_time_and_the_executor_works_on(bool usesControlGroups)
    {
        await using Session session = await StartAsync(usesControlGroups);
        Running running = session.Begin("python", """
            import os
            while True:
                try: os.fork()
                except OSError as e:
                    os.write(1, b'full\n')
                    while True: pass
            """);
        await running.PrintsAsync("full\n");
        session.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.True((await running.Completion).Blocks[0].TimedOut);
        await AssertWorksAsync(session);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_fork_bomb_that_goes_on_in_the_background_makes_room_for_the_next_block(bool usesControlGroups)
    {
        await using Session session = await StartAsync(usesControlGroups);
        await session.BashAsync("bomb() { bomb | bomb & }; bomb 2>/dev/null; exit 0");
        await AssertWorksAsync(session);
        CodeResult result = await session.PythonAsync("""
            import os, time
            try:
                while True:
                    if os.fork() == 0: time.sleep(600)
            except OSError as e: print(e.strerror)
            """);
        Assert.Equal("Resource temporarily unavailable\n", result.Output);
        await AssertWorksAsync(session);
    }

    [Fact]
    public async Task Processes_are_counted_and_no_more_are_made()
    {
        const string count = """
            import os, time
            made = 0
            try:
                while made < 100:
                    if os.fork() == 0: time.sleep(600)
                    made += 1
            except OSError as e: print(e.strerror)
            print(made)
            """;
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(policy: new() { MaxProcesses = 20 }));
        Assert.Equal("Resource temporarily unavailable\n19\n", (await session.PythonAsync(count)).Output);
        await using Session canary = await Session.StartAsync(ExecutorKind.Bubblewrap);
        Assert.Equal("100\n", (await canary.PythonAsync(count)).Output);
    }

    [Fact]
    public async Task A_program_that_takes_all_memory_is_ended_and_says_why()
    {
        Assert.SkipUnless(ControlGroups.LimitMemory, "No control group can be made here that limits memory.");
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(policy: new() { Memory = Memory }));
        foreach (CodeBlock bomb in new CodeBlock[]
        {
            new("python", "print('before'); x = []\nwhile True: x.append(b'x' * 1000000)"),
            new("bash", "echo before; exec python3 -c \"print(len(b'x' * 300000000))\""),
        })
        {
            BlockResult result = (await session.RunAsync(bomb)).Blocks[0];
            Assert.Equal((137, TerminationReason.OutOfMemory, "before\n", "Out of memory: the limit is 96 MiB.\n"), (result.ExitCode, result.Termination, result.StandardOutput, result.StandardError));
            await AssertWorksAsync(session);
        }

        // The canary: within the limit, the same works.
        Assert.Equal("30000000\n", (await session.PythonAsync("print(len(b'x' * 30000000))")).Output);
    }

    [Fact]
    public async Task Without_control_groups_a_program_that_takes_all_memory_fails_by_itself()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(WithoutControlGroups));
        CodeResult result = await session.PythonAsync("import mmap; mmap.mmap(-1, 3 << 30)");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Cannot allocate memory", result.StandardError, StringComparison.Ordinal);
        Assert.Contains("MemoryError", (await session.PythonAsync("x = bytearray(3 << 30)")).StandardError, StringComparison.Ordinal);
        Assert.NotEqual(0, (await session.BashAsync("python3 -c 'import mmap; mmap.mmap(-1, 3 << 30)'")).ExitCode);
        await AssertWorksAsync(session);

        // The canary: it is the address space that is short, not the machine.
        await using Session canary = await Session.StartAsync(ExecutorKind.Local);
        Assert.Equal(0, (await canary.PythonAsync("import mmap; mmap.mmap(-1, 3 << 30)")).ExitCode);
    }

    [Fact]
    public async Task Many_children_that_take_memory_together_are_ended()
    {
        Assert.SkipUnless(ControlGroups.LimitMemory, "No control group can be made here that limits memory.");
        const string children = """
            import os, time
            def child():
                x = b'x' * 25_000_000
                open(f'took-{os.getpid()}', 'w').close()
                while not os.path.exists('enough'): time.sleep(0.01)
                os._exit(0)
            pids = {pid for pid in (os.fork() or child() for _ in range(8))}
            killed = set()
            while len(killed) + sum(name.startswith('took-') for name in os.listdir()) < 8:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid and status == 9: killed.add(pid)
                time.sleep(0.01)
            open('enough', 'w').close()
            print(len(killed) > 0)
            """;
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(policy: new() { Memory = Memory }));
        Assert.Equal("True\n", (await session.PythonAsync(children)).Output);
        await AssertWorksAsync(session);

        // The canary: with more memory, all eight have theirs.
        await using Session canary = await Session.StartAsync(ExecutorKind.BubblewrapWith(policy: new() { Memory = 4 * Memory }));
        Assert.Equal("False\n", (await canary.PythonAsync(children)).Output);
    }

    [Fact]
    public async Task Temporary_file_systems_are_bounded_and_leave_memory_for_the_next_program()
    {
        ExecutionPolicy policy = new() { Memory = ControlGroups.LimitMemory ? Memory : null };
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(policy: policy));
        long limit = policy.Memory ?? ExecutionPolicy.DefaultMemory;
        string sizes = (await session.PythonAsync("import os; print(*(s.f_blocks * s.f_frsize for s in map(os.statvfs, ('/tmp', '/var/tmp', '/dev/shm', '/home'))))")).Output;
        Assert.Equal($"{limit / 16 * 3} {limit / 16} {limit / 8} {limit / 8}\n", sizes);
        if (ControlGroups.LimitMemory)
        {
            CodeResult full = await session.BashAsync("for folder in /tmp /var/tmp /dev/shm /home/glovebox; do head -c 1G /dev/zero > $folder/filler; stat -c %s $folder/filler; done");
            Assert.Equal($"{limit / 16 * 3}\n{limit / 16}\n{limit / 8}\n{limit / 8}\n", full.StandardOutput);
            Assert.Equal(4, full.StandardError.Split("No space left on device").Length - 1);
            await AssertWorksAsync(session);
        }

        // The canary: what bwrap mounts without a size has half of the machine's memory.
        using Process canary = Process.Start(new ProcessStartInfo("bwrap", ["--ro-bind", "/", "/", "--tmpfs", "/tmp", "stat", "-f", "-c", "%b", "/tmp"]) { RedirectStandardOutput = true })!;
        Assert.True(long.Parse(await canary.StandardOutput.ReadToEndAsync(Ct), System.Globalization.CultureInfo.InvariantCulture) * 4096 > limit / 4);
    }

    [Fact]
    public async Task Shared_memory_that_outlives_its_program_does_not_fail_every_program_after_it()
    {
        Assert.SkipUnless(ControlGroups.LimitMemory, "No control group can be made here that limits memory.");
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(policy: new() { Memory = Memory }));

        // A segment of System V has no file system, and so no size but the sandbox's.
        CodeResult bomb = await session.PythonAsync("""
            import ctypes
            libc = ctypes.CDLL(None); libc.shmat.restype = ctypes.c_void_p
            size = 200 << 20
            ctypes.memset(libc.shmat(libc.shmget(0, size, 0o1600), None, 0), 1, size)
            """);
        Assert.Equal(TerminationReason.OutOfMemory, bomb.Blocks[0].Termination);
        await AssertWorksAsync(session);
        Assert.Equal("50000000\n", (await session.PythonAsync("print(len(b'x' * 50000000))")).Output);
    }

    [Fact]
    public async Task Processor_time_is_shared_out_as_asked()
    {
        Assert.SkipUnless(ControlGroups.LimitCpus, "No control group can be made here that limits processors.");
        const string work = "import time\nuntil = time.monotonic() + 0.5\nwhile time.monotonic() < until: pass\nprint(time.process_time() < 0.3)";
        await using Session session = await Session.StartAsync(ExecutorKind.BubblewrapWith(policy: new() { Cpus = 0.2 }));
        Assert.Equal("True\n", (await session.PythonAsync(work)).Output);
        Assert.Equal(EnforcementLevel.Full, session.Executor.GetService<SandboxCapabilities>()!.Control("cpus")!.Level);
    }

    [Fact]
    public async Task No_core_is_dumped()
    {
        await using Session session = await Session.StartAsync(ExecutorKind.Bubblewrap);
        Assert.Equal("0\n", (await session.BashAsync("ulimit -c")).Output);
        Assert.Equal(134, (await session.PythonAsync("import os; os.abort()")).ExitCode);
        Assert.Empty(session.Folder.Entries());
    }

    private static Task<Session> StartAsync(bool usesControlGroups) => Session.StartAsync(
        ExecutorKind.BubblewrapWith(usesControlGroups ? new() : WithoutControlGroups, new() { MaxProcesses = 64 }),
        new() { Timeout = TimeSpan.FromSeconds(60) });

    private static async Task AssertWorksAsync(Session session)
    {
        Assert.Equal("on\n", (await session.PythonAsync("print('on')")).Output);
        Assert.Equal("on\n", (await session.BashAsync("echo on")).Output);
    }
}
