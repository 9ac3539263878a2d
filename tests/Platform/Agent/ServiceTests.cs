using Glovebox.Sandboxes;

namespace Glovebox.Tests.Platform.Agent;

/// <summary>A server in a sandbox outlives the end of what runs beside it, and nothing else does.</summary>
public sealed class ServiceTests
{
    /// <summary>Answers with the number of its child, which belongs to it.</summary>
    private const string Server = """
        import os, socket, subprocess
        child = subprocess.Popen(['sleep', '1000'], start_new_session=True)
        u = socket.socket(socket.AF_UNIX); u.bind('/tmp/s'); u.listen(5)
        print('ready')
        while True:
            c, _ = u.accept()
            c.sendall(b'%d' % (child.poll() is None)); c.close()
        """;

    private const string Daemons =
        "(setsid bash -c 'while :; do echo x >>/workspace/beat; sleep 0.01; done' &) ; (trap '' TERM INT; sleep 1000 &) ; while [ ! -s /workspace/beat ]; do :; done; echo up >/workspace/up; sleep 1000";

    [Fact]
    public async Task Killing_a_run_ends_its_daemons_and_leaves_the_service_and_its_children()
    {
        await using GuestService service = await GuestService.StartAsync(Server);
        await KillAsync(service, Daemons);
        Assert.Equal("1", await AskAsync(service));

        // The shell that asks, the agent, the server, its child, and the shell's own helpers: nothing else.
        (_, string left) = await service.ShellAsync("for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline | cut -c1-40; echo; done; s=$(stat -c %s /workspace/beat); sleep 0.1; [ $(stat -c %s /workspace/beat) = $s ] && echo silent");
        Assert.EndsWith("silent\n", left, StringComparison.Ordinal);
        Assert.DoesNotContain("setsid", left, StringComparison.Ordinal);
        Assert.Single(left.Split('\n'), l => l.StartsWith("sleep 1000", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_program_that_is_no_service_ends_with_a_run_that_is_killed()
    {
        await using GuestService service = await GuestService.StartAsync(Server, isService: false);
        await KillAsync(service, Daemons);
        ProcessExit exit = await service.Exit.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(ProcessExitKind.Killed, exit.Kind);
    }

    [Fact]
    public async Task A_program_whose_first_thread_has_ended_ends_too()
    {
        await using GuestService service = await GuestService.StartAsync(Server);
        await KillAsync(
            service,
            """
            setsid python3 -c '
            import ctypes, os, threading, time
            def beat():
                while True:
                    print(end=".", file=open("/workspace/beat", "a"))
                    time.sleep(0.01)
            threading.Thread(target=beat).start()
            ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)' &
            until [ -s /workspace/beat ] && grep -q "^State:.Z" /proc/$!/status; do sleep 0.01; done
            echo up >/workspace/up
            sleep 1000
            """);
        (_, string left) = await service.ShellAsync("s=$(stat -c %s /workspace/beat); sleep 0.2; [ $(stat -c %s /workspace/beat) = $s ] && echo silent");
        Assert.Equal("silent\n", left);
        Assert.Equal("1", await AskAsync(service));
    }

    [Fact]
    public async Task A_program_that_forks_and_ends_over_and_over_is_caught()
    {
        await using GuestService service = await GuestService.StartAsync(Server);
        await KillAsync(
            service,
            """
            setsid python3 -c '
            import os, time
            while os.fork() == 0:
                open("/workspace/beat", "a").write(".")
                time.sleep(0.002)
            ' &
            until [ -s /workspace/beat ]; do sleep 0.01; done
            echo up >/workspace/up
            sleep 1000
            """);
        (_, string left) = await service.ShellAsync("s=$(stat -c %s /workspace/beat); sleep 0.2; [ $(stat -c %s /workspace/beat) = $s ] && echo silent");
        Assert.Equal("silent\n", left);
        Assert.Equal("1", await AskAsync(service));
    }

    [Fact]
    public async Task A_fork_bomb_ends_and_the_service_lives()
    {
        await using GuestService service = await GuestService.StartAsync(Server, policy: new() { MaxProcesses = 128 });
        await KillAsync(service, "bomb() { bomb | bomb & }; echo up >/workspace/up; bomb; sleep 1000");
        Assert.Equal("1", await AskAsync(service));
        (_, string output) = await service.ShellAsync("set -- /proc/[0-9]*; echo $#");
        Assert.InRange(int.Parse(output, System.Globalization.CultureInfo.InvariantCulture), 3, 6);
    }

    [Fact]
    public async Task A_sweep_ends_what_a_service_has_disowned_and_nothing_that_is_its_own()
    {
        await using GuestService service = await GuestService.StartAsync(Server);
        await service.ShellAsync("(setsid sleep 2000 &)");
        await service.Sandbox.EndProcessesAsync(TestContext.Current.CancellationToken);
        Assert.Equal("1", await AskAsync(service));
        (_, string left) = await service.ShellAsync("cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
        Assert.Contains("sleep 1000", left, StringComparison.Ordinal);
        Assert.DoesNotContain("sleep 2000", left, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killing_a_service_ends_everything()
    {
        await using GuestService service = await GuestService.StartAsync(Server);
        await service.ShellAsync("(setsid sleep 2000 &)");
        await service.KillAsync();
        Assert.Equal(ProcessExitKind.Killed, (await service.Exit).Kind);
        (_, string output) = await service.ShellAsync("set -- /proc/[0-9]*; echo $#");
        Assert.Equal("2\n", output);
    }

    /// <summary>Runs a script until it has made the file <c>up</c>, and kills it.</summary>
    private static async Task KillAsync(GuestService service, string script)
    {
        using CancellationTokenSource kill = new();
        Task<(ProcessExit Exit, string Output)> running = service.KillableShellAsync(script, kill.Token);
        await Eventually.HoldsAsync(() => service.Sandbox.Workspace.ListAsync().Result.Files.Any(f => f.Path == "up"), "the script came up");
        await kill.CancelAsync();
        (ProcessExit exit, _) = await running;
        Assert.Equal(ProcessExitKind.Killed, exit.Kind);
    }

    private static async Task<string> AskAsync(GuestService service)
    {
        await using Stream tunnel = await service.ConnectAsync("/tmp/s");
        using StreamReader reader = new(tunnel);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
